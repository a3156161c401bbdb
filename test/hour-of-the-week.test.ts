// Weeks that nobody can record within a test are generated: test/support/generated-machine.ts says by which model.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startTraining, type TrainingOrder } from '../src/agent/training.ts';
import { createBaselines } from '../src/detect/baselines.ts';
import { createEnsemble } from '../src/detect/ensemble.ts';
import { ModelRegistry } from '../src/learn/model-registry.ts';
import { train } from '../src/learn/train.ts';
import { ManualClock } from '../src/lib/clock.ts';
import type { Detector } from '../src/model/detector.ts';
import type { MachineModel } from '../src/model/machine-model.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { type Series, series } from '../src/model/metric.ts';
import { openHistory, openStore, type Store } from '../src/store/store.ts';
import { generateMachine, METRICS, type MetricName, MONDAY } from './support/generated-machine.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP_SECONDS = 10;
const BASELINES = [createBaselines() as Detector];

/** Where the generated metrics stand in the product. */
const SERIES: Readonly<Record<MetricName, { readonly series: Series; readonly unit: number }>> = {
  cpu: { series: series('system.cpu.utilization', { 'cpu.mode': 'user' }), unit: 1 },
  system: { series: series('system.cpu.utilization', { 'cpu.mode': 'system' }), unit: 1 },
  runQueue: { series: series('system.linux.run_queue'), unit: 10 },
  memory: { series: series('system.memory.utilization'), unit: 1 },
  read: { series: series('system.disk.io', { 'disk.io.direction': 'read' }), unit: 1e8 },
  write: { series: series('system.disk.io', { 'disk.io.direction': 'write' }), unit: 1e8 },
  packets: {
    series: series('system.network.packet.count', { 'network.io.direction': 'receive' }),
    unit: 1e4,
  },
  switches: { series: series('system.linux.context_switches'), unit: 1e5 },
  sockets: { series: series('system.linux.file_handles'), unit: 1e4 },
};

function write(store: Store, clock: ManualClock, { rows, columns, data, at }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    clock.advance(at[row]! - clock.now());
    const metrics = METRICS.map((name, column) => ({
      series: SERIES[name].series,
      value: data[row * columns + column]! * SERIES[name].unit,
    }));
    store.append({ at: at[row]!, metrics });
  }
  store.flush();
}

/** Of each five rows. */
function means({ rows, columns, data, at }: Matrix): Matrix {
  const count = Math.floor(rows / 5);
  const sums = new Float32Array(count * columns);
  for (let place = 0; place < sums.length; place++) {
    const first = 5 * columns * Math.floor(place / columns) + (place % columns);
    for (let row = 0; row < 5; row++) sums[place]! += data[first + row * columns]! / 5;
  }
  return { rows: count, columns, data: sums, at: at.filter((_, row) => row % 5 === 0) };
}

/** A data folder that has seen `days`, all but the last of them by means over five minutes; removed when `use` is done. */
async function withHistory<T>(
  days: number,
  use: (folder: string, lastDay: number) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-hours-'));
  try {
    const clock = new ManualClock(MONDAY);
    const store = openStore({ folder, clock });
    const before = days - 1;
    const lastDay = MONDAY + before * DAY;
    if (before > 0)
      write(store, clock, means(generateMachine({ from: MONDAY, days: before, stepSeconds: 60, seed: 1 })));
    write(store, clock, generateMachine({ from: lastDay, days: 1, stepSeconds: STEP_SECONDS, seed: 2 }));
    store.close();
    return await use(folder, lastDay);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The baselines alone, which do not ship. */
const baselinesOf = (days: number): Promise<MachineModel> =>
  withHistory(days, async (folder, lastDay) => {
    const history = openHistory(folder);
    try {
      return train(history, {
        ...{ features: METRICS.map((name) => SERIES[name].series), detectors: BASELINES, seed: 1 },
        ...{ from: lastDay, to: lastDay + DAY, stepSeconds: STEP_SECONDS, phase: 'calibrated' },
        progress: () => {},
      });
    } finally {
      history.close();
    }
  });

/** What ships, learned by the thread that the daemon starts. */
const modelOf = (days: number): Promise<MachineModel> =>
  withHistory(days, async (folder, lastDay) => {
    const modelFolder = join(folder, 'models');
    const order = {
      ...{ from: lastDay, to: lastDay + DAY, stepSeconds: STEP_SECONDS, seed: 1 },
      ...{ phase: 'calibrated', source: { folder }, modelFolder, trainedBy: 'daemon', reason: 'a test' },
    } as const satisfies TrainingOrder;
    const { id } = await startTraining(order, () => {}).done;
    return new ModelRegistry(modelFolder).load(id);
  });

const WEDNESDAY = MONDAY + 30 * DAY;
const SUNDAY = MONDAY + 34 * DAY;

/** How rare a detector calls noon on this day, in digits, when it is as busy as `likeDay`: the median of the hour. */
function noonOf(model: MachineModel, detector: string, day: number, likeDay: number): number {
  const rows = generateMachine({ from: likeDay, days: 1, stepSeconds: STEP_SECONDS, seed: 5 });
  const ensemble = createEnsemble(model);
  const values = new Float32Array(METRICS.length);
  const digits: number[] = [];
  for (let row = 0; row < rows.rows; row++) {
    for (const [column, name] of METRICS.entries())
      values[model.features.indexOf(SERIES[name].series.key)] =
        rows.data[row * rows.columns + column]! * SERIES[name].unit;
    const since = rows.at[row]! - likeDay;
    const { detectors } = ensemble.score(values, day + since);
    if (since >= 12 * HOUR && since < 13 * HOUR) digits.push(detectors[detector]!);
  }
  return digits.sort((one, other) => one - other)[digits.length >> 1]!;
}

describe('of a machine of which weeks of minutes are kept, and the seconds of a day', () => {
  it('baselines know a busy noon in the middle of the week from one on a Sunday', async () => {
    const model = await baselinesOf(29);
    assert.ok(noonOf(model, 'baselines', WEDNESDAY, WEDNESDAY) < 1);
    assert.ok(noonOf(model, 'baselines', SUNDAY, SUNDAY) < 1);
    assert.ok(noonOf(model, 'baselines', SUNDAY, WEDNESDAY) > 2);
  });

  it('so does what the daemon learns', async () => {
    const model = await modelOf(29);
    for (const name of ['principal-residual', 'level-residual', 'convolution'])
      assert.equal(model.detectors.find((part) => part.name === name)?.encoded.facts.periodMs, 7 * DAY);
    assert.ok(noonOf(model, 'level-residual', WEDNESDAY, WEDNESDAY) < 1);
    assert.ok(noonOf(model, 'level-residual', SUNDAY, SUNDAY) < 1);
    assert.ok(noonOf(model, 'level-residual', SUNDAY, WEDNESDAY) > 2);
  });

  it('nothing could tell while it had seen one day', async () => {
    const models = [await baselinesOf(1), await modelOf(1)] as const;
    for (const [model, name] of [
      [models[0], 'baselines'],
      [models[1], 'level-residual'],
    ] as const)
      assert.equal(noonOf(model, name, SUNDAY, WEDNESDAY), noonOf(model, name, WEDNESDAY, WEDNESDAY));
  });
});
