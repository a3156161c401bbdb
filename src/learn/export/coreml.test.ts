import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CoreMlModel, readCoreMl } from '../../../test/support/core-ml.ts';
import { exportedModel } from '../../../test/support/exported-model.ts';
import { UserError } from '../../lib/errors.ts';
import { encodeCoreMl } from './coreml.ts';
import { metadataOf } from './source.ts';
import { writeExport } from './write.ts';

const exported = exportedModel();
const { source, rows } = exported;
const { columns } = rows;
const MODEL = 'Data/com.apple.CoreML/model.mlmodel';
const WEIGHTS = 'Data/com.apple.CoreML/weights/weight.bin';

function read(quantization: 'none' | 'float16' | 'int8'): CoreMlModel {
  const files = encodeCoreMl(source, quantization);
  return readCoreMl(files.get(MODEL)!, files.get(WEIGHTS)!);
}

/** The farthest from the built-in score, in parts of it or of 1, over some recorded rows, a few values of them missing or wild. */
function farthest(model: CoreMlModel): number {
  let most = 0;
  for (let row = 0; row < rows.rows; row += 40) {
    const values = rows.data.slice(row * columns, (row + 1) * columns);
    values[row % columns] = Number.NaN;
    values[(row * 7 + 3) % columns]! *= 1e6;
    const expected = exported.score(values);
    most = Math.max(most, Math.abs(model.run(values).score![0]! - expected) / Math.max(1, expected));
  }
  return most;
}

describe('the exported Core ML model, run as its public format says', () => {
  it('scores as the built-in scorer, within 1e-4', () => {
    assert.ok(farthest(read('none')) <= 1e-4);
  });

  for (const [quantization, most] of [
    ['float16', 0.02],
    ['int8', 0.1],
  ] as const) {
    it(`is near that with ${quantization} weights and a network of float16`, () => {
      const off = farthest(read(quantization));
      assert.ok(off > 0 && off <= most, `${off}`);
    });
  }

  it('gives what its description promises', () => {
    const model = read('none');
    assert.equal(model.specificationVersion, 7);
    assert.deepEqual(model.inputs, { features: [1, columns] });
    assert.deepEqual(model.outputs, {
      score: [1],
      reconstruction: [1, columns],
      squared_errors: [1, columns],
    });
    const answer = model.run(rows.data.slice(0, columns));
    for (const [name, shape] of Object.entries(model.outputs))
      assert.equal(answer[name]!.length, shape.at(-1));
  });

  it('carries the same metadata as the ONNX model', () => {
    assert.deepEqual(read('int8').metadata, metadataOf(source, 'int8'));
  });
});

describe('a Core ML package', () => {
  it('is a folder whose manifest names its items, and is replaced whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-coreml-'));
    const out = join(folder, 'machine.mlpackage');
    try {
      for (const quantization of ['none', 'int8'] as const) {
        const bytes = writeExport(source, { format: 'coreml', quantization, out });
        const manifest = JSON.parse(readFileSync(join(out, 'Manifest.json'), 'utf8'));
        const root = manifest.itemInfoEntries[manifest.rootModelIdentifier];
        const spec = readFileSync(join(out, 'Data', root.path));
        const model = readCoreMl(spec, readFileSync(join(out, WEIGHTS)));
        assert.equal(model.metadata.quantization, quantization);
        assert.ok(bytes > spec.length);
      }
      assert.deepEqual(readdirSync(folder), ['machine.mlpackage']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is not written where something else is, nor under a name that Core ML does not know', () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-'));
    const order = { format: 'coreml', quantization: 'none' } as const;
    try {
      assert.throws(() => writeExport(source, { ...order, out: join(folder, 'machine') }), UserError);
      const other = mkdtempSync(join(folder, 'other-'));
      const named = `${other}.mlpackage`;
      writeExport(source, { ...order, out: named });
      rmSync(join(named, 'Manifest.json'));
      assert.throws(() => writeExport(source, { ...order, out: named }), UserError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
