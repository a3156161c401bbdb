import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { START, syntheticSeries } from '../../test/support/synthetic-machine.ts';
import { createEnsemble } from '../detect/ensemble.ts';
import { ModelRegistry } from '../learn/model-registry.ts';
import { ManualClock } from '../lib/clock.ts';
import { FEATURES } from '../model/features.ts';
import { openStore } from '../store/store.ts';
import { startTraining } from './training.ts';

const SECONDS = 300;
const request = {
  phase: 'provisional' as const,
  from: START,
  to: START + SECONDS * 1000,
  stepSeconds: 1,
  seed: 1,
  reason: 'a test',
  trainedBy: 'daemon' as const,
};

describe('the training worker', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'homeostat-training-'));
  const source = { folder: dataFolder };
  const modelFolder = join(dataFolder, 'models');
  const clock = new ManualClock(START);
  const store = openStore({ folder: dataFolder, clock });
  after(() => {
    store.close();
    rmSync(dataFolder, { recursive: true });
  });

  before(() => {
    const values = syntheticSeries(SECONDS, 1);
    for (let second = 0; second < SECONDS; second++) {
      const metrics = FEATURES.map((series) => ({ series, value: values[series.key]![second]! }));
      store.append({ at: clock.now(), metrics });
      clock.advance(1000);
      store.maintain(5);
    }
  });

  it('learns from the history on disk while it is being written, and says how far it is', async () => {
    const steps: string[] = [];
    const run = startTraining({ ...request, source, modelFolder }, (_, step) => void steps.push(step));
    const model = new ModelRegistry(modelFolder).load((await run.done).id);
    // What the daemon has not saved yet is not seen from beside it: the last ten seconds at most.
    assert.ok(model.rows >= SECONDS - 11 - 15, `${model.rows} rows`);
    assert.equal(model.features.length, FEATURES.length);
    assert.ok(steps.some((step) => step.includes('autoencoder')));
    const score = createEnsemble(model).score(new Float32Array(FEATURES.length), request.to);
    assert.ok(Number.isFinite(score.value));
  });

  it('says why it could not learn', async () => {
    const early = { ...request, from: START - 60_000, to: START };
    const run = startTraining({ ...early, source, modelFolder }, () => {});
    await assert.rejects(run.done, /only 0 usable rows/);
  });

  it('can be ended', async () => {
    const run = startTraining({ ...request, source, modelFolder }, () => {});
    run.cancel();
    await assert.rejects(run.done, /ended before it had a result/);
  });
});
