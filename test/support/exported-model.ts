import { createAutoencoder } from '../../src/detect/autoencoder.ts';
import type { ExportSource } from '../../src/learn/export/source.ts';
import { fit } from '../../src/learn/fit.ts';
import { ruleOf } from '../../src/learn/fit-scaling.ts';
import type { Detector, Scorer } from '../../src/model/detector.ts';
import { FEATURES } from '../../src/model/features.ts';
import type { Matrix } from '../../src/model/matrix.ts';
import { standardise } from '../../src/model/scaling.ts';
import { loadTrace } from './trace.ts';

/** A network that learned from a recorded machine, ready for export, and what the built-in scorer says of any row. */
export interface Exported {
  readonly source: ExportSource;
  readonly detector: Detector;
  /** The recorded rows, in the series' units. */
  readonly rows: Matrix;
  /** A standardised row. */
  scaled(row: Float32Array): Float32Array;
  /** The score of a raw row. */
  score(row: Float32Array): number;
  contributions(into: Float32Array): void;
}

export function exportedModel(): Exported {
  const rows = recordedRows();
  // A short training: the weights need not be good, but no two alike.
  const detector = createAutoencoder({ rounds: 4, roundRows: 2048 }) as Detector;
  const fitted = fit(
    { ...rows, data: rows.data.slice() },
    { rules: FEATURES.map(ruleOf), detectors: [detector], stepSeconds: 1, seed: 1, progress: () => {} },
  );
  const from = rows.at[0]!;
  const to = rows.at.at(-1)!;
  const model = {
    ...fitted,
    id: 'recorded',
    phase: 'provisional' as const,
    trainedAt: to,
    trainedFrom: from,
    trainedTo: to,
  };
  const part = model.detectors[0]!;
  const learned = detector.decode(part.encoded);
  const scorer: Scorer = detector.scorer(learned);
  const scaled = (row: Float32Array): Float32Array => {
    const into = new Float32Array(row.length);
    standardise(model.scaling, row, into);
    return into;
  };
  return {
    source: { model, part, reconstruction: detector.reconstruction!(learned) },
    detector,
    rows,
    scaled,
    score: (row) => scorer.score(scaled(row), 0),
    contributions: (into) => scorer.contributions!(into),
  };
}

function recordedRows(): Matrix {
  const { ticks } = loadTrace('virtual-machine');
  const columns = FEATURES.length;
  const data = new Float32Array(ticks.length * columns).fill(Number.NaN);
  for (const [row, { metrics }] of ticks.entries()) {
    for (const { series, value } of metrics) {
      const column = FEATURES.indexOf(series);
      if (column >= 0) data[row * columns + column] = value;
    }
  }
  return { rows: ticks.length, columns, data, at: Float64Array.from(ticks, ({ at }) => at) };
}
