import { operatingPoints } from './ranking.ts';

/**
 * Area under the receiver operating characteristic by the trapezoidal rule, which is the share of pairs of one labelled
 * and one other row in which the labelled one scores higher, equal ones counted half (Hanley and McNeil, 1982).
 * NaN where either kind of row is missing.
 */
export function aucRoc(score: Float32Array, labels: Uint8Array): number {
  const points = operatingPoints(score, labels);
  const last = points.at(-1);
  let area = 0;
  let before = { truePositives: 0, falsePositives: 0 };
  for (const point of points) {
    area +=
      ((point.falsePositives - before.falsePositives) * (point.truePositives + before.truePositives)) / 2;
    before = point;
  }
  const pairs = last ? last.truePositives * last.falsePositives : 0;
  return pairs === 0 ? Number.NaN : area / pairs;
}
