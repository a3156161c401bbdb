import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exportedModel } from '../../test/support/exported-model.ts';
import { ONNX_FOLDER } from '../../test/support/onnxruntime.ts';
import { createEnsemble } from '../detect/ensemble.ts';
import { DETECTORS } from '../detect/registry.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { detectorsFor } from './runtime.ts';

/** Keeps what is said, and tells when the first line of any kind was. */
function listen() {
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const keep = (message: string): void => {
    said.push(message);
    first.resolve();
  };
  const log: Log = { ...silentLog, info: keep, warn: keep };
  return { log, said, spoken: () => waitFor(first.promise) };
}

/** A thread that starts does not keep a program alive; this does, until it has spoken. */
async function waitFor(spoken: Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  await spoken;
  clearInterval(alive);
}

describe('the runtime that is configured', () => {
  const { source, rows } = exportedModel();
  const model = { ...source.model, bands: {} };
  const { columns } = rows;
  const score = (ensemble: ReturnType<typeof createEnsemble>, row: number): number =>
    ensemble.score(rows.data.subarray(row * columns, (row + 1) * columns), rows.at[row]!).value;

  it('is the built-in one where nothing else is said', async () => {
    const { log, said } = listen();
    assert.equal(await detectorsFor({ runtime: 'builtin' }, log), DETECTORS);
    assert.deepEqual(said, []);
  });

  it('is ONNX Runtime where that is chosen and installed: a model gives the same scores', async () => {
    const { log, said, spoken } = listen();
    const settings = { runtime: 'onnxruntime', runtime_folder: ONNX_FOLDER } as const;
    const ensemble = createEnsemble(model, await detectorsFor(settings, log));
    await spoken();
    assert.match(said[0]!, /ONNX Runtime scores/);
    const builtin = createEnsemble(model);
    for (let row = 0; row < rows.rows; row += 7)
      assert.ok(Math.abs(score(ensemble, row) - score(builtin, row)) < 1e-4);
    ensemble.close();
  });

  it('is the built-in one where ONNX Runtime is not installed, and that is said once for all models', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-runtime-'));
    try {
      const { log, said, spoken } = listen();
      const detectors = await detectorsFor({ runtime: 'onnxruntime', runtime_folder: folder }, log);
      const ensembles = [createEnsemble(model, detectors), createEnsemble(model, detectors)];
      await spoken();
      assert.match(said[0]!, /built-in scorer.*not installed/);
      const builtin = createEnsemble(model);
      const expected = score(builtin, 0);
      for (const ensemble of ensembles) assert.equal(score(ensemble, 0), expected);
      for (const ensemble of ensembles) ensemble.close();
      assert.equal(said.length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
