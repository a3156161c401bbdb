// Weeks that nobody can record within a test are generated: test/support/generated-machine.ts says by which model.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createBaselines } from '../src/detect/baselines.ts';
import { createEnsemble } from '../src/detect/ensemble.ts';
import { train } from '../src/learn/train.ts';
import { ManualClock } from '../src/lib/clock.ts';
import type { Detector } from '../src/model/detector.ts';
import type { MachineModel } from '../src/model/machine-model.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { type Series, series } from '../src/model/metric.ts';
import { openStore, type Store } from '../src/store/store.ts';
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

/** A model as the daemon learns it, of a store that has seen `days`, all but the last of them kept by the minute alone. */
function learned(days: number): MachineModel {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-hours-'));
  const clock = new ManualClock(MONDAY);
  const store = openStore({ folder, clock });
  try {
    const before = days - 1;
    const lastDay = MONDAY + before * DAY;
    if (before > 0)
      write(store, clock, generateMachine({ from: MONDAY, days: before, stepSeconds: 60, seed: 1 }));
    write(store, clock, generateMachine({ from: lastDay, days: 1, stepSeconds: STEP_SECONDS, seed: 2 }));
    return train(store, {
      ...{ features: METRICS.map((name) => SERIES[name].series), detectors: BASELINES, seed: 1 },
      ...{ from: lastDay, to: lastDay + DAY, stepSeconds: STEP_SECONDS, phase: 'calibrated' },
      progress: () => {},
    });
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const WEDNESDAY = MONDAY + 30 * DAY;
const SUNDAY = MONDAY + 34 * DAY;

/** How rare the baselines call noon on this day, in digits, when it is as busy as `likeDay`: the median of the hour. */
function noonOf(model: MachineModel, day: number, likeDay: number): number {
  const rows = generateMachine({ from: likeDay, days: 1, stepSeconds: STEP_SECONDS, seed: 5 });
  const ensemble = createEnsemble(model, BASELINES);
  const digits: number[] = [];
  for (let row = 0; row < rows.rows; row++) {
    const values = rows.data.slice(row * rows.columns, (row + 1) * rows.columns);
    for (const [column, name] of METRICS.entries()) values[column]! *= SERIES[name].unit;
    const since = rows.at[row]! - likeDay;
    const { detectors } = ensemble.score(values, day + since);
    if (since >= 12 * HOUR && since < 13 * HOUR) digits.push(detectors.baselines!);
  }
  return digits.sort((one, other) => one - other)[digits.length >> 1]!;
}

describe('baselines of a machine of which weeks of minutes are kept, and the seconds of a day', () => {
  const old = learned(29);
  const young = learned(1);
  it('know a busy noon in the middle of the week from one on a Sunday', () => {
    assert.ok(noonOf(old, WEDNESDAY, WEDNESDAY) < 1);
    assert.ok(noonOf(old, SUNDAY, SUNDAY) < 1);
    assert.ok(noonOf(old, SUNDAY, WEDNESDAY) > 2);
  });

  it('could not tell while they had seen one day', () => {
    assert.equal(noonOf(young, SUNDAY, WEDNESDAY), noonOf(young, WEDNESDAY, WEDNESDAY));
  });
});
