import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportedModel } from '../../../test/support/exported-model.ts';
import { runOnnx } from '../../../test/support/onnxruntime.ts';
import * as proto from '../../../test/support/protobuf.ts';
import { quantile } from '../../lib/quantile.ts';
import { digitsOf } from '../../lib/tail.ts';
import { Smoother } from '../../model/combination.ts';
import { standardise } from '../../model/scaling.ts';
import { splitByTime } from '../split.ts';
import { encodeOnnx } from './onnx.ts';
import { suggestedThreshold } from './source.ts';

const exported = exportedModel();
const { source, rows } = exported;
const { columns } = rows;
const rowOf = (data: Float32Array, row: number): Float32Array =>
  data.subarray(row * columns, (row + 1) * columns);

/** Recorded rows; some with missing values, some with wild ones, one without any. */
function odd(): Float32Array {
  const data = rows.data.slice(0, 300 * columns);
  for (let index = 0; index < data.length; index += 17) data[index] = Number.NaN;
  for (let index = 5; index < data.length; index += 97) data[index] = 1e12;
  for (let index = 8; index < data.length; index += 89) data[index] = -3e5;
  rowOf(data, 7).fill(Number.NaN);
  return data;
}

/** The farthest that the scores of `data` are from the built-in ones, in parts of the score, or of 1 where it is lower. */
async function farthest(model: Uint8Array, data: Float32Array): Promise<number> {
  const { score } = await runOnnx(model, data, columns);
  return Math.max(
    ...Array.from(score, (value, row) => {
      const expected = exported.score(rowOf(data, row));
      return Math.abs(value - expected) / Math.max(1, expected);
    }),
  );
}

describe('the exported ONNX model in ONNX Runtime', () => {
  const model = encodeOnnx(source, 'none');

  it('scores all recorded rows as the built-in scorer, within 1e-4', async () => {
    assert.ok(rows.rows > 2000);
    assert.ok((await farthest(model, rows.data)) <= 1e-4);
  });

  it('scores rows with missing, wild and no values as the built-in scorer', async () => {
    assert.ok((await farthest(model, odd())) <= 1e-4);
    const { score } = await runOnnx(model, odd(), columns);
    assert.equal(score[7], 0);
  });

  it("gives each feature's squared error as the built-in scorer's contribution", async () => {
    const row = odd().slice(0, columns);
    const { squaredErrors } = await runOnnx(model, row, columns);
    exported.score(row);
    const contributions = new Float32Array(columns);
    exported.contributions(contributions);
    for (const [column, error] of squaredErrors.entries())
      assert.ok(Math.abs(error - contributions[column]!) <= 1e-4 * Math.max(1, contributions[column]!));
  });

  it('says in the units of the features what it expected', async () => {
    const row = rows.data.slice(0, columns);
    const { reconstruction, squaredErrors } = await runOnnx(model, row, columns);
    const scaled = exported.scaled(row);
    const expected = new Float32Array(columns);
    standardise(source.model.scaling, reconstruction, expected);
    for (const [column, error] of squaredErrors.entries()) {
      const difference = (scaled[column]! - expected[column]!) ** 2;
      if (Math.abs(scaled[column]!) < source.reconstruction.errorLimit)
        assert.ok(Math.abs(difference - error) <= 1e-2 * Math.max(1, error), source.model.features[column]);
    }
  });

  for (const [quantization, most] of [
    ['float16', 0.01],
    ['int8', 0.1],
  ] as const) {
    it(`is near that with ${quantization} weights, and smaller`, async () => {
      const rounded = encodeOnnx(source, quantization);
      assert.ok(rounded.length < model.length);
      const off = await farthest(rounded, rows.data);
      assert.ok(off > 0 && off <= most, `${off}`);
    });
  }

  it('has a threshold that is measured as its score is: held-out scores, smoothed, reach what the tail says', async () => {
    const held = splitByTime(rows).calibrate;
    const { score } = await runOnnx(model, held.data, columns);
    const { tail, rest } = source.part;
    const smoother = new Smoother(source.model.calibration, rest);
    const smoothed = Float64Array.from(score, (value) => Math.exp(smoother.add(value))).sort();
    // Ranked by blocks of 60 rows, and by the one that is to come; a fiftieth is where the tail that the threshold is read off begins.
    const blocks = Math.floor(smoothed.length / 60);
    for (const share of [0.1, 0.02]) {
      const digits = digitsOf(tail, Math.log(quantile(smoothed, 1 - share)));
      const probability = (1 + blocks * share) / (blocks + 1);
      assert.ok(Math.abs(digits + Math.log10(probability)) < 0.05, `${digits}`);
    }
    assert.ok(suggestedThreshold(source) >= quantile(smoothed, 0.98));
  });
});

describe("the exported ONNX model's metadata", () => {
  const model = proto.readFields(encodeOnnx(source, 'none'));
  const metadata = new Map(
    proto.messages(model, 14).map((entry) => [proto.string(entry, 1), proto.string(entry, 2)]),
  );

  it('has what another program needs to score', () => {
    const { features, scaling } = source.model;
    assert.deepEqual(JSON.parse(metadata.get('feature_names')!), features);
    assert.deepEqual(JSON.parse(metadata.get('feature_means')!), scaling.means);
    assert.deepEqual(JSON.parse(metadata.get('feature_stds')!), scaling.deviations);
    assert.deepEqual(JSON.parse(metadata.get('feature_compress')!), scaling.compress);
    assert.equal(Number(metadata.get('suggested_threshold')), suggestedThreshold(source));
    assert.equal(Number(metadata.get('smoothing_rows')), source.model.calibration.smoothingRows);
  });

  it('is enough to score without the graph, but for the network', () => {
    const compress = JSON.parse(metadata.get('feature_compress')!) as number[];
    const means = JSON.parse(metadata.get('feature_means')!) as number[];
    const stds = JSON.parse(metadata.get('feature_stds')!) as number[];
    const row = rowOf(rows.data, 100);
    const scaled = exported.scaled(row);
    for (const [column, x] of row.entries()) {
      const compressed = compress[column]! > 0 ? Math.asinh(x / compress[column]!) : x;
      const z = (compressed - means[column]!) / stds[column]!;
      assert.ok(Number.isNaN(z) || Math.abs(z - scaled[column]!) < 1e-5 * Math.max(1, Math.abs(z)));
    }
  });
});
