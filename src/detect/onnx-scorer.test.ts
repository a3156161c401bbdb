import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { exportedModel } from '../../test/support/exported-model.ts';
import { encodeForRuntime, ONNX_FOLDER } from '../../test/support/onnxruntime.ts';
import type { Scorer } from '../model/detector.ts';
import { byOnnxRuntime } from './onnx-scorer.ts';

const exported = exportedModel();
const { detector, source, rows } = exported;
const { columns } = rows;

/** A scorer by ONNX Runtime out of `folder`, once it is ready or has failed, and all that it said. */
async function scorerOf(folder: string): Promise<{ scorer: Scorer; ready: string[]; trouble: string[] }> {
  const ready: string[] = [];
  const trouble: string[] = [];
  const settled = Promise.withResolvers<void>();
  const [accelerated] = byOnnxRuntime([detector], {
    folder,
    encode: encodeForRuntime,
    ready: (provider) => {
      ready.push(provider);
      settled.resolve();
    },
    trouble: (reason) => {
      trouble.push(reason);
      settled.resolve();
    },
  });
  const scorer = accelerated!.scorer(detector.decode(source.part.encoded));
  // The thread alone does not keep the test alive.
  const alive = setInterval(() => {}, 1000);
  await settled.promise;
  clearInterval(alive);
  return { scorer, ready, trouble };
}

/** Of the recorded rows, one of their values missing. */
function* someRows(): Generator<Float32Array> {
  for (let row = 0; row < rows.rows; row += 10) {
    const values = exported.scaled(rows.data.subarray(row * columns, (row + 1) * columns));
    values[row % columns] = Number.NaN;
    yield values;
  }
}

describe('a network scored by ONNX Runtime', () => {
  it('has the same scores and contributions as the built-in one, row by row', async () => {
    const { scorer, ready, trouble } = await scorerOf(ONNX_FOLDER);
    assert.deepEqual([ready, trouble], [[process.platform === 'darwin' ? 'coreml' : 'cpu'], []]);
    const builtin = detector.scorer(detector.decode(source.part.encoded));
    for (const row of someRows()) {
      const expected = builtin.score(row, 0);
      assert.ok(Math.abs(scorer.score(row, 0) - expected) <= 1e-4 * Math.max(1, expected));
      const [one, other] = [new Float32Array(columns), new Float32Array(columns)];
      scorer.contributions!(one);
      builtin.contributions!(other);
      for (const [column, share] of one.entries())
        assert.ok(Math.abs(share - other[column]!) <= 1e-4 * Math.max(1, other[column]!));
    }
    scorer.close!();
    const [row] = someRows();
    assert.equal(scorer.score(row!, 0), builtin.score(row!, 0), 'after it was closed');
    assert.deepEqual(trouble, []);
  });

  it('is scored by the built-in scorer where ONNX Runtime is not installed, which is said once', async () => {
    const { scorer, ready, trouble } = await scorerOf(tmpdir());
    assert.deepEqual([ready.length, trouble.length], [0, 1]);
    assert.match(trouble[0]!, /onnxruntime-node is not installed/);
    const builtin = detector.scorer(detector.decode(source.part.encoded));
    for (const row of someRows()) assert.equal(scorer.score(row, 0), builtin.score(row, 0));
    assert.equal(trouble.length, 1);
  });

  it('leaves detectors that are no networks as they are', () => {
    const { reconstruction: _, ...other } = detector;
    const options = { encode: encodeForRuntime, trouble: assert.fail };
    assert.equal(byOnnxRuntime([other], options)[0], other);
  });
});
