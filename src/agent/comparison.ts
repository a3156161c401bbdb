import { createEnsemble } from '../detect/ensemble.ts';
import { assemble } from '../learn/assemble.ts';
import { type Contender, compareModels } from '../learn/judge.ts';
import { ModelRegistry } from '../learn/model-registry.ts';
import type { Comparison } from '../model/comparison.ts';
import { openHistory } from '../store/store.ts';
import type { ComparisonOrder } from './training.ts';

/** Rows before the block that only show both models what was usual lately, ms. */
const WARM_UP_MS = 30 * 60_000;

/** Two models of a folder on a block of the stored history, which must lie after both trainings to mean something. */
export function compareOnHistory(order: ComparisonOrder): Comparison {
  const { dataFolder, modelFolder, from, to } = order;
  const registry = new ModelRegistry(modelFolder);
  const current = registry.load(order.current);
  const candidate = registry.load(order.candidate);
  const features = [...new Set([...current.features, ...candidate.features])];
  const { stepSeconds } = candidate;
  const history = openHistory(dataFolder);
  try {
    const matrix = assemble(history, features, { from: from - WARM_UP_MS, to }, stepSeconds, []);
    const begin = matrix.at.findIndex((at) => at >= from);
    const block = { matrix, features, begin: begin < 0 ? matrix.rows : begin, stepSeconds };
    return compareModels(contender(current), contender(candidate), block);
  } finally {
    history.close();
  }
}

const contender = (
  model: Parameters<typeof createEnsemble>[0] & { id: string; rows: number },
): Contender => ({
  id: model.id,
  trainedMs: model.rows * model.stepSeconds * 1000,
  reachSeconds: model.calibration.returns.longest,
  start: () => createEnsemble(model),
});
