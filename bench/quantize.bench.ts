import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DETECTORS } from '../src/detect/registry.ts';
import { aucPr } from '../src/learn/evaluation/auc-pr.ts';
import { type LabelledSet, readLabels, readRows, readSets } from '../src/learn/evaluation/labelled-set.ts';
import { encodeOnnx } from '../src/learn/export/onnx.ts';
import { QUANTIZATIONS } from '../src/learn/export/quantize.ts';
import type { ExportSource } from '../src/learn/export/source.ts';
import { fit } from '../src/learn/fit.ts';
import { Smoother } from '../src/model/combination.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { standardise } from '../src/model/scaling.ts';
import { runOnnx } from '../test/support/onnxruntime.ts';
import { note, report } from './report.ts';

/**
 * What quantized weights cost: the exported network of each public labelled set, run by ONNX Runtime on the test rows,
 * AUC-PR of its smoothed score by itself. How the sets are learned is how `homeostat evaluate` learns them.
 */
const bench = 'quantize';
const folder = fileURLToPath(new URL('../../shared/data/detection', import.meta.url));
const MATTERS = 0.01;
const GROUPS: Readonly<Record<string, string>> = { smd: 'machine-', asd: 'omi-' };

if (!existsSync(folder)) {
  console.error(`bench ${bench}: there are no labelled sets at ${folder}`);
  process.exit(1);
}

interface Result {
  readonly name: string;
  /** By quantization, in their order. */
  readonly areas: readonly number[];
  /** The farthest that a float32 score is from the built-in one, in parts of it, or of 1 where it is lower. */
  readonly off: number;
}

const detector = DETECTORS.find(({ reconstruction }) => reconstruction)!;
const results: Result[] = [];
for (const set of readSets(folder)) {
  const result = await judge(set);
  results.push(result);
  const [plain, ...quantized] = result.areas;
  const lost = quantized.map((area, index) => `${QUANTIZATIONS[index + 1]} ${(plain! - area).toFixed(5)}`);
  note(`${set.name.padEnd(14)} AUC-PR ${plain!.toFixed(4)}  lost by ${lost.join(', by ')}`);
}

for (const [group, prefix] of Object.entries(GROUPS)) {
  const members = results.filter(({ name }) => name.startsWith(prefix));
  const mean = (index: number): number =>
    members.reduce((sum, { areas }) => sum + areas[index]!, 0) / members.length;
  report({ bench, figure: `auc_pr_${group}`, value: mean(0), unit: `of ${members.length} sets` });
  for (const [index, quantization] of QUANTIZATIONS.entries()) {
    if (index === 0) continue;
    const value = mean(0) - mean(index);
    report({ bench, figure: `lost_${quantization}_${group}`, value, unit: 'AUC-PR', peer: 'float32' });
  }
}
const off = Math.max(...results.map((result) => result.off));
report({
  bench,
  figure: 'float32_off',
  value: off,
  unit: 'of the score',
  peer: 'built-in',
  goal: '<= 0.0001',
});

async function judge(set: LabelledSet): Promise<Result> {
  const source = learn(readRows(folder, set, 'train', 0), set);
  const test = readRows(folder, set, 'test', 0);
  const labels = readLabels(folder, set, test.rows)!;
  const areas: number[] = [];
  let farthest = 0;
  for (const quantization of QUANTIZATIONS) {
    const { score } = await runOnnx(encodeOnnx(source, quantization), test.data, test.columns);
    areas.push(aucPr(smoothed(score, source), labels));
    if (quantization === 'none') farthest = distance(score, test, source);
  }
  return { name: set.name, areas, off: farthest };
}

function learn(train: Matrix, { perDay, name }: LabelledSet): ExportSource {
  const key = (_: unknown, column: number) => ({
    key: `column ${column}`,
    matters: MATTERS,
    compress: false,
  });
  const fitted = fit(train, {
    rules: Array.from({ length: train.columns }, key),
    detectors: [detector],
    stepSeconds: 86_400 / perDay,
    seed: 1,
    progress: () => {},
  });
  const part = fitted.detectors[0]!;
  const model = {
    ...fitted,
    id: name,
    phase: 'calibrated',
    trainedAt: 0,
    trainedFrom: 0,
    trainedTo: 0,
  } as const;
  return { model, part, reconstruction: detector.reconstruction!(detector.decode(part.encoded)) };
}

function smoothed(score: Float32Array, { model, part }: ExportSource): Float32Array {
  const smoother = new Smoother(model.calibration, part.rest);
  return score.map((one) => smoother.add(one));
}

function distance(score: Float32Array, { data, columns }: Matrix, { model, part }: ExportSource): number {
  const scorer = detector.scorer(detector.decode(part.encoded));
  const scaled = new Float32Array(columns);
  let most = 0;
  for (const [row, value] of score.entries()) {
    standardise(model.scaling, data.subarray(row * columns, (row + 1) * columns), scaled);
    const expected = scorer.score(scaled, 0);
    most = Math.max(most, Math.abs(value - expected) / Math.max(1, expected));
  }
  return most;
}
