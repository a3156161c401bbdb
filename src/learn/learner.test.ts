import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
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

const modelOf = ({ phase, from, to, stepSeconds, seed }: TrainingRequest): MachineModel => ({
  id: String(to),
  phase,
  trainedAt: to,
  trainedFrom: from,
  trainedTo: to,
  rows: (to - from) / 1000,
  stepSeconds,
  seed,
  features: [],
  scaling: { compress: [], means: [], deviations: [] },
  detectors: [],
  calibration: {
    smoothingRows: 1,
    combined: { values: [], digits: [], scale: 1 },
    returns: { threshold: 0, rate: 1, scale: 1, longest: 1e7 },
    rows: 0,
  },
  suggestedThreshold: 1,
  bands: {},
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
});
