import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { START, syntheticSeries } from '../../test/support/synthetic-machine.ts';
import { ManualClock } from '../lib/clock.ts';
import { FEATURES } from '../model/features.ts';
import { openStore } from '../store/store.ts';
import { compareOnHistory } from './comparison.ts';
import { startComparison, startTraining } from './training.ts';

const MINUTE = 60_000;

describe('two models on the stored history', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'homeostat-comparison-'));
  const modelFolder = join(dataFolder, 'models');
  const clock = new ManualClock(START);
  const store = openStore({ folder: dataFolder, clock });
  const values = syntheticSeries(1500, 1);
  let ids: readonly string[] = [];

  before(async () => {
    for (let second = 0; second < 1500; second++) {
      const metrics = FEATURES.map((series) => ({ series, value: values[series.key]![second]! }));
      store.append({ at: clock.now(), metrics });
      clock.advance(1000);
    }
    store.flush();
    const train = (minutes: number) =>
      startTraining(
        {
          ...{ phase: 'provisional', from: START, to: START + minutes * MINUTE, stepSeconds: 1, seed: 1 },
          ...{ reason: 'a test', trainedBy: 'daemon', source: { folder: dataFolder }, modelFolder },
        },
        () => {},
      ).done;
    ids = [(await train(4)).id, (await train(12)).id];
  });
  after(() => {
    store.close();
    rmSync(dataFolder, { recursive: true });
  });

  const order = () => ({
    ...{ current: ids[0]!, candidate: ids[1]!, dataFolder, modelFolder },
    ...{ from: START + 15 * MINUTE, to: START + 25 * MINUTE },
  });

  it('are compared beside the daemon as they are in front of it', async () => {
    const beside = await startComparison(order()).done;
    assert.deepEqual(beside, compareOnHistory(order()));
    assert.deepEqual([beside.rows, beside.current.id, beside.candidate.id], [600, ...ids]);
    // The machine stays as it is, and the candidate knows it three times as long.
    assert.deepEqual(beside.worse, []);
    assert.ok(beside.candidate.faultsFound >= 0.7 * beside.faults, JSON.stringify(beside));
  });

  it('cannot be compared on rows that are not there', async () => {
    const later = { ...order(), from: START + 24 * MINUTE + 30_000 };
    await assert.rejects(startComparison(later).done, /only 30 rows are there/);
  });
});
