import { MachineAlarms } from '../../agent/machine-alarms.ts';
import { createEnsemble, type Ensemble } from '../../detect/ensemble.ts';
import { DETECTORS } from '../../detect/registry.ts';
import { readLabels, readRows } from '../../learn/evaluation/labelled-set.ts';
import { type Judged, measure } from '../../learn/evaluation/measure.ts';
import { type FittedModel, fit } from '../../learn/fit.ts';
import { UserError } from '../../lib/errors.ts';
import type { EncodedModel } from '../../model/detector.ts';
import type { Matrix } from '../../model/matrix.ts';
import type { EvaluationOrder, Outcome } from './order.ts';

/** The values of labelled sets are shares of what each column ever reached: a hundredth is the smallest change that matters. */
const MATTERS = 0.01;
/** One seed for all: nobody shall pick the best one. */
const SEED = 1;
/** Fewer rows than this teach nothing. */
const LEAST_ROWS = 60;

/**
 * Learns from the train rows of a set as the daemon learns from its history, scores the train and then the test rows one by one, and
 * raises alarms on the latter as the daemon does. Yields one outcome for each combination of detectors; what a detector learned
 * for one combination serves in the next. Throws a UserError that names the file.
 */
export function* evaluateSet({ folder, set, combinations }: EvaluationOrder): Generator<Outcome> {
  const train = readRows(folder, set, 'train', 0);
  if (train.rows < LEAST_ROWS)
    throw new UserError(`set '${set.name}': ${train.rows} train rows; at least ${LEAST_ROWS} are needed`);
  const test = readRows(folder, set, 'test', train.rows);
  const labels = readLabels(folder, set, test.rows);
  const learned = new Map<string, EncodedModel>();
  for (const detectors of combinations) {
    const model = learn(train, 86_400 / set.perDay, detectors, learned);
    const startedAt = performance.now();
    const ensemble = createEnsemble({ ...model, bands: {} });
    const trainScore = scoreRows(ensemble, train);
    const judged = watchRows(ensemble, test, model);
    const scoreMicroseconds = ((performance.now() - startedAt) * 1000) / (train.rows + test.rows);
    checkScores(set.name, trainScore, judged.score);
    yield {
      set: set.name,
      detectors,
      scores: { train: trainScore, test: judged.score, flags: judged.flags },
      measures: labels && measure(judged, labels, set),
      scoreMicroseconds,
    };
  }
}

function learn(
  train: Matrix,
  stepSeconds: number,
  names: readonly string[],
  learned: Map<string, EncodedModel>,
): FittedModel {
  const rules = Array.from({ length: train.columns }, (_, column) => ({
    key: keyOf(column),
    matters: MATTERS,
    compress: false,
  }));
  // The training standardises its rows in place, and they are scored afterwards.
  return fit(
    { ...train, data: train.data.slice() },
    {
      rules,
      detectors: DETECTORS.filter(({ name }) => names.includes(name)),
      stepSeconds,
      seed: SEED,
      progress: () => {},
      notes: {
        learned: (name) => learned.get(name),
        keep: (name, encoded) => void learned.set(name, encoded),
        loss: () => {},
      },
    },
  );
}

const keyOf = (column: number): string => `column ${column}`;
const columnOf = (key: string): number => Number(key.slice('column '.length));

const rowOf = ({ data, columns }: Matrix, row: number): Float32Array =>
  data.subarray(row * columns, (row + 1) * columns);

function scoreRows(ensemble: Ensemble, rows: Matrix): Float32Array {
  return Float32Array.from(rows.at, (at, row) => ensemble.score(rowOf(rows, row), at).value);
}

/** As the agent does with each sample: score it, and let it open, prolong or close an alarm. There are no processes to blame. */
function watchRows(ensemble: Ensemble, rows: Matrix, { calibration, stepSeconds }: FittedModel): Judged {
  const alarms = new MachineAlarms({
    host: 'evaluation',
    stepSeconds,
    culprits: { baseline: () => undefined, attribute: () => [] },
    reach: () => calibration.returns.longest,
    onAnomaly: () => {},
  });
  const score = new Float32Array(rows.rows);
  const flags = new Uint8Array(rows.rows);
  const firstNamed = new Int32Array(rows.rows).fill(-1);
  for (let row = 0; row < rows.rows; row++) {
    const at = rows.at[row]!;
    const scored = ensemble.score(rowOf(rows, row), at);
    score[row] = scored.value;
    if (!alarms.tick({ at, score: scored, phase: 'calibrated' }, at)) continue;
    flags[row] = 1;
    const [first] = scored.explain();
    if (first) firstNamed[row] = columnOf(first.metric);
  }
  return { score, flags, firstNamed };
}

/** Measures of scores that are no numbers would be no measures. */
function checkScores(name: string, ...scores: readonly Float32Array[]): void {
  if (scores.some((some) => !some.every(Number.isFinite)))
    throw new Error(`set '${name}': a row was given a score that is not a finite number`);
}
