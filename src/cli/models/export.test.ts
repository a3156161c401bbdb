import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { exportedModel } from '../../../test/support/exported-model.ts';
import { tinyModel } from '../../../test/support/tiny-model.ts';
import { ModelRegistry } from '../../learn/model-registry.ts';
import { UserError } from '../../lib/errors.ts';
import type { MachineModel } from '../../model/machine-model.ts';
import { exportModel } from './export.ts';

/** A data folder with one model. */
function folderWith(model: MachineModel, t: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'homeostat-export-'));
  t.after(() => rmSync(data, { recursive: true }));
  const registry = new ModelRegistry(join(data, 'models'));
  registry.add({ model, trainedBy: 'command', reason: 'a test', at: 1 });
  return data;
}

describe('homeostat model export', () => {
  it('writes the network of a kept model and says from which score on a row is unusual', (t) => {
    const { model } = exportedModel().source;
    const data = folderWith({ ...model, bands: {} }, t);
    const said = t.mock.method(console, 'log', () => {});
    const out = join(data, 'machine.onnx');
    exportModel({ data, json: true, model: 'rec', format: 'onnx', quantization: 'int8', out });
    const facts = JSON.parse(said.mock.calls[0]!.arguments[0]);
    assert.deepEqual([facts.id, facts.detector, facts.out], ['recorded', 'autoencoder', out]);
    assert.equal(facts.bytes, readFileSync(out).length);
    assert.ok(facts.threshold > 0);
  });

  it('refuses a model without a network, and a place that cannot be written, in one line', (t) => {
    const order = { format: 'onnx', quantization: 'none' } as const;
    const data = folderWith(tinyModel('tiny'), t);
    const out = join(data, 'x.onnx');
    assert.throws(() => exportModel({ data, model: 'tiny', ...order, out }), UserError);
    const { model } = exportedModel().source;
    const other = folderWith({ ...model, bands: {} }, t);
    const nowhere = join(data, 'no', 'such', 'folder', 'x.onnx');
    assert.throws(
      () => exportModel({ data: other, model: 'recorded', ...order, out: nowhere }),
      (error) => error instanceof UserError && error.message.includes('ENOENT'),
    );
  });
});
