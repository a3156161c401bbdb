import { operatingPoints } from './ranking.ts';

/**
 * Area under the precision-recall curve as average precision: the sum over thresholds of (R_n - R_(n-1)) P_n, without
 * interpolation between them, which would flatter (Davis and Goadrich, 2006). NaN without labelled rows.
 */
export function aucPr(score: Float32Array, labels: Uint8Array): number {
  const points = operatingPoints(score, labels);
  const positives = points.at(-1)?.truePositives ?? 0;
  let area = 0;
  let before = 0;
  for (const { truePositives, falsePositives } of points) {
    area += ((truePositives - before) / positives) * (truePositives / (truePositives + falsePositives));
    before = truePositives;
  }
  return positives === 0 ? Number.NaN : area;
}
