import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { tinyModel } from '../../test/support/tiny-model.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { Comparison } from '../model/comparison.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { Learner, type LearnerOptions, type TrainingRequest } from './learner.ts';
import { ModelRegistry } from './model-registry.ts';
import type { ComparisonRequest } from './succession.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 2, 14);

const modelOf = ({ phase, from, to, stepSeconds, seed }: TrainingRequest): MachineModel =>
  tinyModel(String(to), {
    ...{ phase, stepSeconds, seed },
    ...{ trainedAt: to, trainedFrom: from, trainedTo: to, rows: Math.round((to - from) / 1000) },
  });

const comparisonOf = (
  { current, candidate, from, to }: ComparisonRequest,
  worse: readonly string[],
): Comparison => {
  const measures = { alarms: 0, calibrationError: 0.1, faultsFound: 24 };
  return {
    ...{ from, to, rows: (to - from) / 1000, alarmsAllowed: 0, faults: 24, worse },
    current: { id: current, ...measures },
    candidate: { id: candidate, ...measures },
  };
};

describe('the learner', () => {
  let folder = '';
  const folders: string[] = [];
  const clock = new ManualClock(START);
  let requests: TrainingRequest[] = [];
  let models: string[] = [];
  let compared: ComparisonRequest[] = [];
  let worse: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homeostat-learner-'));
    folders.push(folder);
    requests = [];
    models = [];
    compared = [];
    worse = [];
  });
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true });
  });

  /** The id of the candidate that a training leaves in the folder. */
  const keep = (request: TrainingRequest): string => {
    const { reason, to } = request;
    const model = modelOf(request);
    return new ModelRegistry(folder).add({ model, trainedBy: 'daemon', reason, at: to }).id;
  };

  const learner = (changes: Partial<LearnerOptions> = {}): Learner =>
    new Learner({
      clock,
      log: silentLog,
      folder,
      startTraining: (request, onProgress) => {
        requests.push(request);
        onProgress(0.5, 'learning');
        return { done: Promise.resolve(keep(request)), cancel: () => {} };
      },
      startComparison: (comparison) => {
        compared.push(comparison);
        return { done: Promise.resolve(comparisonOf(comparison, worse)), cancel: () => {} };
      },
      onModel: (model) => void models.push(model.phase),
      ...changes,
    });

  /** Samples each 10 s for `ms`, giving what runs beside the time to end. */
  async function observe(of: Learner, ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 10_000) {
      of.observe(clock.now());
      clock.advance(10_000);
      if (of.isWorking()) await settled();
    }
  }

  it('collects, then is provisional, then calibrated, and says what is missing', async () => {
    const one = learner();
    assert.deepEqual(
      [one.state().phase, one.state().neededMs, one.state().nextPhase],
      ['collecting', 10 * MINUTE, 'provisional'],
    );
    await observe(one, 5 * MINUTE);
    // The first 15 s are the start's own, at this step two of 29.
    assert.equal(one.state().seenMs, 5 * MINUTE - 20_000);
    assert.equal(one.state().model, undefined);
    await observe(one, 6 * MINUTE);
    assert.deepEqual(
      [one.state().phase, one.state().neededMs, one.state().nextPhase],
      ['provisional', 24 * HOUR, 'calibrated'],
    );
    // Half an hour of the calibrated one beside the one before it included.
    await observe(one, 24.5 * HOUR);
    assert.deepEqual([one.state().phase, one.state().neededMs], ['calibrated', undefined]);
    assert.deepEqual(models, [...Array(7).fill('provisional'), 'calibrated']);
    assert.ok(requests.every(({ from, to }) => to - from <= 24 * HOUR));
  });

  it('shows the progress of a training while it runs, and starts no second one', async () => {
    const one = learner({
      startTraining: (request, onProgress) => {
        requests.push(request);
        onProgress(0.4, 'learning: autoencoder');
        return { done: new Promise(() => {}), cancel: () => {} };
      },
    });
    await observe(one, 12 * MINUTE);
    assert.equal(requests.length, 1);
    assert.deepEqual(
      [one.state().training?.done, one.state().training?.step],
      [0.4, 'learning: autoencoder'],
    );
  });

  it('waits with a training while an anomaly is open, an hour at the most', async () => {
    const one = learner();
    const since = clock.now() + 5 * MINUTE;
    const observeUnusual = async (ms: number): Promise<void> => {
      for (let gone = 0; gone < ms; gone += 10_000) {
        one.observe(clock.now(), clock.now() < since ? undefined : since);
        clock.advance(10_000);
        if (one.isWorking()) await settled();
      }
    };
    await observeUnusual(50 * MINUTE);
    assert.equal(requests.length, 0);
    await observeUnusual(20 * MINUTE);
    assert.equal(requests.length, 1);
  });

  it('does not count gaps, starts, nor a clock that jumps in either direction', () => {
    const one = learner();
    for (const from of [0, 100_000, 50_000]) {
      for (let ms = from; ms <= from + 20_000; ms += 1000) one.observe(START + ms);
    }
    assert.equal(one.state().seenMs, 3 * 6000);
    assert.equal(one.state().since, START);
  });

  it('goes on after a restart where it was, with the model that it had', async () => {
    const before = learner();
    await observe(before, 25 * MINUTE);
    before.stop();
    const again = learner();
    assert.deepEqual(
      [again.state().phase, again.state().seenMs, again.state().since],
      ['provisional', before.state().seenMs, before.state().since],
    );
    assert.equal(models.length, 2);
    await observe(again, 4 * MINUTE);
    assert.equal(requests.length, 1);
    await observe(again, 4 * MINUTE);
    assert.equal(requests.length, 2);
  });

  it('begins from the model where its own notes are lost or make no sense', async () => {
    await observe(learner(), 11 * MINUTE);
    writeFileSync(join(folder, 'learning.json'), '{"since":');
    const { phase, seenMs } = learner().state();
    assert.equal(phase, 'provisional');
    assert.ok(seenMs >= 10 * MINUTE);
  });

  it('shows why a training failed and tries again, later each time', async () => {
    const one = learner({
      startTraining: (request) => {
        requests.push(request);
        return { done: Promise.reject(new Error('no space left')), cancel: () => {} };
      },
    });
    await observe(one, 10 * MINUTE + 20_000);
    await settled();
    assert.match(one.state().problem ?? '', /training failed: no space left; next attempt in 1 min/);
    assert.equal(one.state().training, undefined);
    await observe(one, 3 * MINUTE + 30_000);
    assert.equal(requests.length, 3);
    assert.match(one.state().problem ?? '', /next attempt in 4 min/);
    assert.equal(one.state().phase, 'collecting');
  });

  it('keeps the model that it has when the new one is refused', async () => {
    let refuse = false;
    const one = learner({
      onModel: (model) => {
        if (refuse) throw new Error('its parts do not fit together');
        models.push(model.phase);
      },
    });
    await observe(one, 11 * MINUTE);
    const kept = one.state().model?.id;
    refuse = true;
    await observe(one, 24 * MINUTE);
    await settled();
    assert.equal(one.state().model?.id, kept);
    assert.match(one.state().problem ?? '', /do not fit together/);
  });

  it('tries again where the first model cannot be used', async () => {
    let refusals = 0;
    const one = learner({
      onModel: (model) => {
        if (refusals++ === 0) throw new Error('its parts do not fit together');
        models.push(model.phase);
      },
    });
    await observe(one, 10 * MINUTE + 20_000);
    assert.match(
      one.state().problem ?? '',
      /training failed: the model .* do not fit together; next attempt in 1 min/,
    );
    await observe(one, 2 * MINUTE);
    assert.deepEqual(
      [one.state().phase, one.state().problem, requests.length],
      ['provisional', undefined, 2],
    );
  });

  it('ends a running training when it stops', async () => {
    let cancelled = false;
    const one = learner({
      startTraining: () => ({
        done: new Promise(() => {}),
        cancel: () => {
          cancelled = true;
        },
      }),
    });
    await observe(one, 11 * MINUTE);
    one.stop();
    assert.ok(cancelled);
  });

  describe('with a newer model beside the current one', () => {
    const ids = (): readonly (string | undefined)[] => [one.state().model?.id, one.state().shadow?.id];
    let one: Learner;
    let first = '';
    beforeEach(async () => {
      one = learner();
      await observe(one, 31 * MINUTE);
      first = one.state().model!.id;
    });

    it('waits a tenth of the time that it was trained on, then compares both on the rows since', async () => {
      const { shadow } = one.state();
      assert.equal(shadow?.id, String(requests[1]!.to));
      assert.ok(Math.abs(shadow!.neededMs - 3 * MINUTE) < 5000, `${shadow!.neededMs} ms`);
      assert.equal(compared.length, 0);
      await observe(one, 3 * MINUTE);
      assert.deepEqual([compared[0]?.current, compared[0]?.candidate], [first, shadow!.id]);
      assert.ok(compared[0]!.from > requests[1]!.to);
      assert.deepEqual(ids(), [shadow!.id, undefined]);
      const { events, comparison } = new ModelRegistry(folder).find('current');
      assert.match(events.at(-1)!.reason, new RegExp(`not worse than ${first}`));
      assert.equal(comparison?.faults, 24);
    });

    it('keeps the current one where the newer one is worse, and says in what', async () => {
      worse = ['9 alarms instead of 0'];
      await observe(one, 4 * MINUTE);
      assert.deepEqual(ids(), [first, undefined]);
      const refused = new ModelRegistry(folder).find(String(requests[1]!.to));
      assert.equal(refused.state, 'retired');
      assert.match(refused.events.at(-1)!.reason, /worse than .* 9 alarms instead of 0/);
      // The next one comes when it is due, not at once.
      await observe(one, 20 * MINUTE);
      assert.equal(requests.length, 2);
    });

    it('goes on waiting after a restart', async () => {
      one.stop();
      const id = one.state().shadow!.id;
      one = learner();
      assert.deepEqual(ids(), [first, id]);
      await observe(one, 4 * MINUTE);
      assert.deepEqual(ids(), [id, undefined]);
    });

    it('stands still while an anomaly is open', async () => {
      const since = clock.now();
      for (let gone = 0; gone < 30 * MINUTE; gone += 10_000) {
        assert.equal(one.observe(clock.now(), since), false);
        clock.advance(10_000);
      }
      assert.equal(compared.length, 0);
      assert.ok(one.state().shadow);
    });

    it('does what a person decides meanwhile, within seconds', async () => {
      const registry = new ModelRegistry(folder);
      const id = one.state().shadow!.id;
      registry.promote(id, clock.now(), 'by hand');
      await observe(one, 20_000);
      assert.deepEqual(ids(), [id, undefined]);
      registry.rollback(clock.now(), 'by hand');
      await observe(one, 20_000);
      assert.deepEqual(ids(), [first, undefined]);
      await observe(one, 10 * MINUTE);
      assert.equal(compared.length, 0);
    });

    it('lets the next one score where the folder was emptied under it', async () => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      await observe(one, 30 * MINUTE);
      const last = String(requests.at(-1)!.to);
      assert.deepEqual([...ids(), requests.length], [last, undefined, 3]);
      assert.match(
        new ModelRegistry(folder).find('current').events.at(-1)!.reason,
        /the file of the one before it is gone/,
      );
    });

    it('goes on with what it has where the folder cannot be read', async () => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'no folder');
      await observe(one, MINUTE);
      assert.equal(one.state().model?.id, first);
      assert.match(one.state().problem ?? '', /ENOTDIR/);
    });

    it('tries a comparison that fails three times, then gives the newer one up', async () => {
      one.stop();
      one = learner({
        startComparison: (request) => {
          compared.push(request);
          return { done: Promise.reject(new Error('only 3 rows are there')), cancel: () => {} };
        },
      });
      await observe(one, 12 * MINUTE);
      assert.equal(compared.length, 3);
      assert.deepEqual(ids(), [first, undefined]);
      assert.match(one.state().problem ?? '', /could not be compared: only 3 rows/);
    });
  });

  it('leaves the candidate of a command to a person, and is not taught by less than that one knew', async () => {
    const one = learner();
    await observe(one, 11 * MINUTE);
    const registry = new ModelRegistry(folder);
    const model = tinyModel('big', { rows: 7200, phase: 'calibrated' });
    registry.add({ model, trainedBy: 'command', reason: 'a test', at: clock.now() });
    await observe(one, 5 * MINUTE);
    assert.equal(one.state().shadow, undefined);
    registry.promote('big', clock.now(), 'by hand');
    await observe(one, 100 * MINUTE);
    assert.deepEqual([one.state().model?.id, requests.length], ['big', 1]);
  });

  it('trains anew when the machine has drifted, once in each window', async () => {
    const drift = {
      ...{ windowMs: 2 * HOUR, seenMs: 2 * HOUR, checkedAt: START, metrics: 40, due: false },
      drifted: Array.from({ length: 5 }, () => ({ metric: 'm', index: 1, limit: 0.25 })),
    };
    let due = false;
    worse = ['none is good enough'];
    const one = learner({
      drift: () => ({ ...drift, due }),
      calibratedAfterMs: HOUR,
      provisionalAfterMs: HOUR,
    });
    await observe(one, 1.2 * HOUR);
    assert.deepEqual(
      requests.map(({ reason }) => reason),
      ['the first training'],
    );
    due = true;
    await observe(one, 0.6 * HOUR);
    assert.equal(requests.length, 1);
    await observe(one, 4 * HOUR);
    assert.deepEqual(
      requests.map(({ reason }) => reason),
      ['the first training', '5 of 40 metrics have drifted', '5 of 40 metrics have drifted'],
    );
    assert.equal(one.state().drift?.due, true);
  });
});
