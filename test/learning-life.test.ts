import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MachineScorer } from '../src/agent/machine-scorer.ts';
import { startComparison, startTraining } from '../src/agent/training.ts';
import { Learner } from '../src/learn/learner.ts';
import { ModelRegistry } from '../src/learn/model-registry.ts';
import { ManualClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { FEATURES } from '../src/model/features.ts';
import { openStore } from '../src/store/store.ts';
import { START, syntheticSeries } from './support/synthetic-machine.ts';

const MINUTE = 60;

test('from the first sample to the second model, with real trainings and a real comparison', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-life-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = new ManualClock(START);
  const store = openStore({ folder, clock });
  t.after(() => store.close());
  const scorer = new MachineScorer();
  const modelFolder = join(folder, 'models');
  const learner = new Learner({
    clock,
    log: silentLog,
    folder: modelFolder,
    startTraining: (request, onProgress) => {
      store.flush();
      const order = { ...request, source: { folder }, modelFolder, trainedBy: 'daemon' as const };
      const { done, cancel } = startTraining(order, onProgress);
      return { done: done.then(({ id }) => id), cancel };
    },
    startComparison: (request) => {
      store.flush();
      return startComparison({ ...request, dataFolder: folder, modelFolder });
    },
    drift: () => scorer.drift(),
    onModel: (model) => scorer.use(model, store, clock.now()),
  });
  t.after(() => learner.stop());

  const values = syntheticSeries(75 * MINUTE, 1);
  let second = 0;
  /** A second of the machine after the other; whatever runs beside ends before the next one. */
  const live = async (
    until: number,
    change = (_key: string, value: number): number => value,
  ): Promise<void> => {
    for (; second < until; second++) {
      const metrics = FEATURES.map((series) => ({
        series,
        value: change(series.key, values[series.key]![second]!),
      }));
      const tick = { at: clock.now(), metrics };
      scorer.score(tick);
      store.append(tick);
      if (learner.observe(tick.at)) scorer.observeUsual(tick.at);
      clock.advance(1000);
      while (learner.isWorking()) await sleep(5);
    }
  };

  await live(10 * MINUTE);
  assert.equal(learner.state().phase, 'collecting');
  await live(11 * MINUTE);
  const first = learner.state().model?.id;
  assert.deepEqual([learner.state().phase, learner.state().problem], ['provisional', undefined]);

  await live(31 * MINUTE);
  assert.equal(learner.state().model?.id, first);
  const candidate = learner.state().shadow?.id;
  assert.ok(candidate);
  await live(35 * MINUTE);
  assert.deepEqual([learner.state().model?.id, learner.state().shadow], [candidate, undefined]);
  const { comparison, events } = new ModelRegistry(modelFolder).find('current');
  assert.match(events.at(-1)!.reason, new RegExp(`not worse than ${first}`));
  assert.ok(comparison!.rows > 2 * MINUTE && comparison!.rows < 4 * MINUTE, `${comparison!.rows} rows`);

  // Half of the metrics become something else: it is said which, when the window is full of the new ones.
  const moved = new Set(FEATURES.filter((_, column) => column % 2 === 0).map(({ key }) => key));
  await live(59 * MINUTE, (key, value) => (moved.has(key) ? value * 3 : value));
  assert.equal(learner.state().drift?.checkedAt, undefined);
  await live(66 * MINUTE, (key, value) => (moved.has(key) ? value * 3 : value));
  const drifted = learner.state().drift?.drifted.map(({ metric }) => metric) ?? [];
  assert.ok(drifted.length > 0.8 * moved.size, `${drifted.length} of ${moved.size}`);
  assert.ok(drifted.every((metric) => moved.has(metric)));

  new ModelRegistry(modelFolder).rollback(clock.now(), 'by hand');
  await live(67 * MINUTE);
  assert.equal(learner.state().model?.id, first);
});
