import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { breach } from '../../test/support/situation.ts';
import { ManualClock } from '../lib/clock.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { type Metric, series } from '../model/metric.ts';
import type { Process, ProcessScan } from '../model/process.ts';
import { openHistory, openStore, type Store, type StoreOptions } from './store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 1, 9, 0, 0);

const USER = series('system.cpu.utilization', { 'cpu.mode': 'user' });
const LOAD = series('system.linux.cpu.load_1m');
const USED = series('system.memory.usage', { 'system.memory.state': 'used' });

let folder: string;
let clock: ManualClock;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeostat-store-'));
  clock = new ManualClock(START);
  store = open();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<StoreOptions> = {}): Store {
  return openStore({ folder, clock, ...options });
}

function reopen(options: Partial<StoreOptions> = {}): void {
  store.close();
  store = open(options);
}

/** The load in the `index`th second since START: drifts and jitters, on its quantum. */
const loadAt = (index: number): number => Math.round(100 * (2 + Math.sin(index / 500)) + (index % 7)) / 100;

const sample = (index: number): Metric[] => [
  { series: LOAD, value: loadAt(index) },
  { series: USER, value: (index % 100) / 100 },
];

/** Ticks of `seconds` seconds, a step of `stepMs` apart, with maintenance each time as the wiring does it. */
function live(seconds: number, stepMs = 1000): void {
  for (let index = 0; index < seconds; index += stepMs / 1000) {
    clock.advance(stepMs);
    store.append({ at: clock.now(), metrics: sample((clock.now() - START) / 1000) });
    store.maintain(5);
  }
}

const raw = (key: string, from = START, to = clock.now() + 1) =>
  store.query({ metrics: [key], from, to, resolution: 1 }).frames[0]!;

test('each sample comes back at its time, from memory, the tail and the chunks alike', () => {
  live((2 * HOUR) / 1000 + 37);
  const { at, mean, min, max, unit } = raw(LOAD.key);
  assert.equal(at.length, 2 * 3600 + 37);
  assert.ok(at.every((moment, index) => moment === START + (index + 1) * 1000));
  assert.ok(mean.every((value, index) => value === loadAt(index + 1)));
  assert.equal(min, mean);
  assert.equal(max, mean);
  assert.equal(unit, '{thread}');
});

test('minutes and hours have mean, minimum and maximum of the same samples, compacted or not', () => {
  live((3 * HOUR) / 1000 - 600);
  for (const [resolution, step] of [
    [60, MINUTE],
    [3600, HOUR],
  ] as const) {
    const answer = store.query({ metrics: [LOAD.key], from: START, to: clock.now(), resolution });
    const { at, mean, min, max } = answer.frames[0]!;
    assert.equal(answer.stepSeconds, resolution);
    assert.equal(at.length, Math.ceil((3 * HOUR - 600_000) / step));
    for (const [index, begin] of at.entries()) {
      const values: number[] = [];
      const last = Math.min(begin + step, clock.now() + 1);
      for (let moment = Math.max(begin, START + 1000); moment < last; moment += 1000) {
        values.push(loadAt((moment - START) / 1000));
      }
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs(mean[index]! - average) <= 0.01 / 16 + 1e-9, `mean of ${index}`);
      assert.ok(Math.abs(min[index]! - Math.min(...values)) < 1e-9, `minimum of ${index}`);
      assert.ok(Math.abs(max[index]! - Math.max(...values)) < 1e-9, `maximum of ${index}`);
    }
  }
});

test('a day of 1 s data is answered in minutes, half an hour in seconds, an unknown series with nothing', () => {
  live(1800);
  const day = store.query({
    metrics: [LOAD.key, 'no.such.metric'],
    from: START - DAY + HOUR,
    to: START + HOUR,
  });
  assert.equal(day.stepSeconds, 60);
  assert.equal(day.frames[1]!.at.length, 0);
  assert.equal(store.query({ metrics: [LOAD.key], from: START, to: START + HOUR / 2 }).stepSeconds, 1);
  const merged = store.query({ metrics: [LOAD.key], from: START, to: START + HOUR / 2, maxPoints: 200 });
  assert.equal(merged.stepSeconds, 10);
  assert.ok(merged.frames[0]!.at.every((at) => at % 10_000 === 0));
});

test('intervals of 5 s and 10 s, gaps, and series that come and go stay as they were', () => {
  live(300);
  live(300, 5000);
  clock.advance(2 * HOUR);
  live(300, 10_000);
  store.append({ at: clock.now() + 1, metrics: [{ series: USED, value: 8192 }] });
  live(HOUR / 1000);
  const { at } = raw(LOAD.key);
  assert.equal(at.length, 300 + 60 + 30 + 3600);
  assert.deepEqual([...raw(USED.key).mean], [8192]);
  const around = at.findIndex((moment) => moment > START + 600_000);
  assert.equal(at[around]! - at[around - 1]!, 2 * HOUR + 10_000);
});

test('what could not be read is a gap: values that are no numbers are not kept', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1.5]) {
    clock.advance(1000);
    store.append({ at: clock.now(), metrics: [{ series: LOAD, value }] });
  }
  store.flush();
  assert.deepEqual([...raw(LOAD.key).mean], [1.5]);
});

test('a wall clock that goes back overwrites only the seconds that it lives again', () => {
  live((2 * HOUR) / 1000);
  clock.jump(-90 * MINUTE);
  const again = clock.now();
  for (let index = 0; index < 600; index++) {
    clock.advance(1000);
    store.append({ at: clock.now(), metrics: [{ series: LOAD, value: 50 }] });
    store.maintain(5);
  }
  const check = (): void => {
    const { at, mean } = raw(LOAD.key, START, START + 2 * HOUR + MINUTE);
    assert.equal(at.length, 2 * 3600);
    assert.ok(
      mean.every((value, index) => (value === 50) === (at[index]! > again && at[index]! <= again + 600_000)),
    );
    const minutes = store.query({
      metrics: [LOAD.key],
      from: START,
      to: START + 2 * HOUR + MINUTE,
      resolution: 60,
    });
    const peaks = minutes.frames[0]!.max.filter((value) => value === 50);
    // Eleven: the ten minutes begin a second after a full one.
    assert.equal(peaks.length, 11);
    assert.equal(minutes.frames[0]!.at.length, 121);
  };
  check();
  clock.jump(90 * MINUTE);
  live(10);
  store.maintain(1000);
  store.append({ at: clock.now(), metrics: [] });
  check();
});

test('a wall clock that goes back into an hour in the middle of its compaction loses nothing', () => {
  const names = Array.from({ length: 20 }, (_, index) =>
    series('system.network.io', { device: `eth${index}` }),
  );
  const tick = (value: number): void => {
    clock.advance(1000);
    store.append({ at: clock.now(), metrics: names.map((one) => ({ series: one, value })) });
  };
  for (let second = 0; second < 120; second++) tick(1);
  clock.advance(HOUR);
  tick(1);
  store.flush();
  const reader = new DatabaseSync(join(folder, 'history.db'), { readOnly: true });
  const parts = reader.prepare("SELECT count(*) AS count FROM chunk WHERE kind = 'raw'");
  while (parts.get()?.count !== 1) store.maintain(-1);
  reader.close();
  clock.jump(-HOUR);
  tick(2);
  store.flush();
  clock.jump(HOUR);
  tick(3);
  while (store.maintain(5));
  for (const { key } of names) {
    const { mean } = raw(key);
    assert.deepEqual([...mean], [...Array.from({ length: 120 }, () => 1), 2, 1, 3], key);
  }
});

test('a wall clock that leaps ahead for a while costs nothing that was there', () => {
  live((2 * HOUR) / 1000);
  const before = raw(LOAD.key).at.length;
  clock.jump(10 * 365 * DAY);
  live(300);
  clock.jump(-10 * 365 * DAY);
  live(1200);
  const { at } = raw(LOAD.key);
  assert.equal(at.length, before + 1200);
  assert.equal(raw(LOAD.key, clock.now() + DAY, clock.now() + 20 * 365 * DAY).at.length, 300);
});

test('retention: seconds, then minutes, then hours are dropped, each at its age; the rest is coarser, not gone', () => {
  reopen({ retention: { rawMs: 2 * HOUR, minuteMs: 2 * DAY, hourMs: 90 * DAY } });
  live((4 * HOUR) / 1000, 10_000);
  assert.ok(raw(LOAD.key).at[0]! > START + HOUR);
  const minutes = store.query({ metrics: [LOAD.key], from: START, to: clock.now(), maxPoints: 1e6 });
  assert.equal(minutes.stepSeconds, 60);
  assert.equal(minutes.frames[0]!.at[0], START);
  for (let day = 0; day < 4; day++) {
    clock.advance(DAY);
    live(1200, 10_000);
  }
  const hours = store.query({ metrics: [LOAD.key], from: START, to: clock.now(), maxPoints: 1e6 });
  assert.equal(hours.stepSeconds, 3600);
  assert.equal(hours.frames[0]!.at[0], START);
  assert.deepEqual(store.losses(), [], 'age is no loss');
});

test('the disk cap drops the oldest seconds first, counts them, and the file stays below it', () => {
  const capBytes = 700_000;
  reopen({ capBytes });
  let seed = 1;
  const noise = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed >> 8;
  };
  const many = Array.from({ length: 24 }, (_, index) =>
    series('system.network.io', { device: `eth${index}` }),
  );
  for (let second = 0; second < 6 * 3600; second += 5) {
    clock.advance(5000);
    store.append({ at: clock.now(), metrics: many.map((one) => ({ series: one, value: noise() })) });
    store.maintain(5);
  }
  const { bytes, problem } = store.stats();
  assert.ok(bytes <= capBytes * 1.6, `${bytes} bytes with its log`);
  assert.ok(statSync(join(folder, 'history.db')).size <= capBytes);
  assert.equal(problem, undefined);
  const [loss, ...others] = store.losses();
  assert.deepEqual(others, []);
  assert.equal(loss?.what, 'samples dropped by the disk cap');
  const kept = store.query({
    metrics: many.map(({ key }) => key),
    from: 0,
    to: clock.now() + 1,
    resolution: 1,
  });
  const samples = kept.frames.reduce((sum, { at }) => sum + at.length, 0);
  assert.equal(samples + loss!.count, 6 * 720 * 24);
  const minutes = store.query({ metrics: [many[0]!.key], from: START, to: clock.now(), resolution: 60 });
  assert.equal(minutes.frames[0]!.at[0], START);
});

test('a history that was closed goes on where it ended, with the same series', () => {
  live(100);
  reopen();
  live(100);
  assert.equal(raw(LOAD.key).at.length, 200);
  assert.equal(store.stats().series, 2);
  assert.deepEqual(
    store.series().map(({ key, firstAt, lastAt }) => [key, firstAt, lastAt]),
    [LOAD.key, USER.key].map((key) => [key, START + 1000, START + 200_000]),
  );
});

test('a reader beside the daemon sees what was flushed, before and after compaction', () => {
  live(600);
  store.flush();
  const reader = openHistory(folder);
  const count = (): number =>
    reader.query({ metrics: [LOAD.key], from: START, to: clock.now() + 1, resolution: 1 }).frames[0]!.at
      .length;
  assert.equal(count(), 600);
  live(HOUR / 1000);
  store.flush();
  assert.equal(count(), 4200);
  assert.equal(reader.series().length, 2);
  reader.close();
});

test('a closed history can be read without a daemon', () => {
  live(10);
  store.close();
  const reader = openHistory(folder);
  assert.equal(reader.series().length, 2);
  reader.close();
  store = open();
});

const process = (id: string, cpu: number | undefined, rss: number): Process => ({
  id,
  pid: Number(id.split('-')[1]),
  ppid: 1,
  name: 'worker',
  executable: '/usr/bin/worker',
  invokedAs: 'worker',
  args: ['--level', 'x'.repeat(5000)],
  startedAt: START,
  uid: 1000,
  gid: undefined,
  cgroup: undefined,
  containerId: undefined,
  state: 'S',
  threads: 3,
  cpu,
  cpuTime: 0,
  childCpuTime: 0,
  memory: 0.1,
  rss,
  virtual: 0,
  readBytes: undefined,
  writeBytes: undefined,
  readRate: undefined,
  writeRate: 640,
  ioCalls: undefined,
  majorFaults: 0,
  minorFaults: 0,
  openFiles: undefined,
  contextSwitches: undefined,
});

const scan = (processes: Process[]): ProcessScan => ({
  at: clock.now(),
  full: true,
  processes,
  gone: [],
  unreadable: {},
});

test("a process's minutes are the means of what was seen of it, across hours, restarts and its first sight", () => {
  const minutes = 130;
  for (let index = 0; index < minutes * 12; index++) {
    const worker = process(
      '1f0c9e2a-42-1',
      index === 0 ? undefined : (index % 12) / 10,
      4096 * (1 + (index % 3)),
    );
    const brief = index === 700 ? [process('1f0c9e2a-43-9', undefined, 8192)] : [];
    store.appendProcesses(scan([worker, ...brief]));
    live(5, 5000);
    if (index === 800) reopen();
  }
  reopen();
  const points = store.processHistory('1f0c9e2a-42-1', START, clock.now());
  assert.equal(points.length, minutes);
  const { at, cpu, rss, readRate, writeRate, threads } = points[100]!;
  assert.deepEqual(
    { at, cpu, rss, readRate, writeRate, threads },
    { at: START + 100 * MINUTE, cpu: 0.55, rss: 8192, readRate: Number.NaN, writeRate: 640, threads: 3 },
  );
  assert.equal(store.processHistory('1f0c9e2a-43-9', START, clock.now()).length, 1);
  assert.deepEqual(store.processHistory('never-seen-1', START, clock.now()), []);
  const past = store.processesAt(START + 100 * MINUTE + 5000);
  assert.equal(past?.at, START + 100 * MINUTE);
  assert.deepEqual(
    past.processes.map(({ id, name, cpu, rss, readRate }) => [id, name, cpu, rss, readRate]),
    [['1f0c9e2a-42-1', 'worker', 0.55, 8192, undefined]],
  );
  const brief = store.processesAt(START + 58 * MINUTE)?.processes.map(({ id }) => id);
  assert.deepEqual(brief, ['1f0c9e2a-42-1', '1f0c9e2a-43-9']);
  assert.equal(store.processesAt(clock.now() + 3 * MINUTE)?.at, START + (minutes - 1) * MINUTE);
  assert.equal(store.processesAt(START - 1), undefined);
  const identity = store.processIdentity('1f0c9e2a-42-1');
  assert.equal(identity?.executable, '/usr/bin/worker');
  assert.equal(identity?.args.join(' ').length, 2048);
});

const anomaly = (id: string, since: number, closedAt?: number): Anomaly => ({
  schema: 1,
  id,
  host: 'h',
  state: closedAt === undefined ? 'open' : 'closed',
  kind: 'machine',
  severity: 'LOW',
  provisional: false,
  since,
  raisedAt: since + 5000,
  ...(closedAt !== undefined && { closedAt }),
  score: 3,
  returnPeriodSeconds: 86_400,
  metrics: [],
  culprits: [],
  sentence: 'CPU is at 98 %',
});

test('anomalies: the latest state of each that overlaps the period, newest first; on disk at once', () => {
  store.appendAnomaly(anomaly('a', START));
  store.appendAnomaly(anomaly('b', START + MINUTE));
  store.appendAnomaly(anomaly('a', START, START + HOUR));
  const reader = openHistory(folder);
  const ids = (query: Parameters<Store['anomalies']>[0]): string[] =>
    reader.anomalies(query).map(({ id }) => id);
  assert.deepEqual(ids({}), ['b', 'a']);
  assert.deepEqual(ids({ limit: 1 }), ['b']);
  assert.deepEqual(ids({ from: START + 2 * HOUR }), ['b'], 'one that is open overlaps all that follows');
  assert.deepEqual(ids({ to: START + 1000 }), ['a']);
  assert.equal(reader.anomalies({})[1]!.state, 'closed');
  reader.close();
});

test('breaches are kept beside anomalies, and neither are among the others', () => {
  store.appendAnomaly(anomaly('a', START));
  const disk = breach('disk', 'system.filesystem.utilization', { since: START });
  store.appendAnomaly(disk);
  store.appendAnomaly({ ...disk, state: 'closed', closedAt: START + MINUTE });
  const reader = openHistory(folder);
  for (const history of [store, reader]) {
    assert.deepEqual(
      history.anomalies({}).map(({ id }) => id),
      ['a'],
    );
    assert.deepEqual(
      history.breaches({}).map(({ id, state }) => [id, state]),
      [['b-disk', 'closed']],
    );
    assert.deepEqual(history.breaches({ from: START + HOUR }), []);
  }
  reader.close();
});

test('a pack that rotted on the disk is a gap and is reported once; all else is answered', () => {
  live((2 * HOUR) / 1000);
  store.close();
  const db = new DatabaseSync(join(folder, 'history.db'));
  db.exec(
    "UPDATE chunk SET pack = x'0102030405' WHERE kind = 'raw' AND window = (SELECT min(window) FROM chunk WHERE kind = 'raw')",
  );
  db.close();
  const warnings: string[] = [];
  store = open({ log: { warn: (message) => warnings.push(message), info: () => undefined } });
  const { at } = raw(LOAD.key);
  assert.equal(at[0], START + HOUR);
  raw(LOAD.key);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /raw chunk 0 of 2026-03-01T09:00:00.000Z cannot be read: .*; it is a gap now/);
});
