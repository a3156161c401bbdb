import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import * as v from 'valibot';
import { generatedShares, type Shape } from '../../test/support/generated-shares.ts';
import { DEFAULT_LIMITS } from '../../test/support/limits.ts';
import { memoryHistory } from '../../test/support/memory-history.ts';
import { loadTrace } from '../../test/support/trace.ts';
import type { Breach } from '../model/breach.ts';
import { type Metric, parseSeriesKey, series, type Tick } from '../model/metric.ts';
import { forecastsOf, Limits, type Named } from './limits.ts';
import { type LimitSettings, limitsSchema } from './settings.ts';

/** A Monday. */
const BEGIN = Date.UTC(2026, 2, 2, 8);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CPU = 'system.cpu.utilization';
const MEMORY = 'system.memory.utilization';
const use = (mount: string, mode = ''): string =>
  `system.filesystem.utilization{${mode}system.filesystem.mountpoint=${mount}}`;

const metric = (key: string, value: number): Metric => ({ series: parseSeriesKey(key)!, value });

const nobody = (): Named => ({ culprits: [], of: 'it' });

class Bench {
  readonly told: Breach[] = [];
  readonly limits: Limits;
  at = BEGIN;

  constructor(settings: Parameters<typeof settingsOf>[0] = {}) {
    this.limits = new Limits({
      host: 'test',
      settings: settingsOf(settings),
      culprits: nobody,
      onBreach: (breach) => this.told.push(breach),
    });
  }

  /** So many seconds of a value that may depend on the second. */
  pass(seconds: number, of: Readonly<Record<string, number | ((second: number) => number)>>): this {
    for (let second = 0; second < seconds; second++) {
      const values = Object.entries(of).map(([key, value]) =>
        metric(key, typeof value === 'number' ? value : value(second)),
      );
      this.limits.tick({ at: this.at, metrics: values });
      this.at += 1000;
    }
    return this;
  }

  get states(): string[] {
    return this.told.map(({ limit, severity, state }) => `${limit} ${severity} ${state}`);
  }
}

const settingsOf = (given: Record<string, unknown>): LimitSettings => v.parse(limitsSchema, given);

describe('a line', () => {
  it('is crossed after its time, and left again only behind the closing line for a while', () => {
    const bench = new Bench().pass(60, { [CPU]: 0.2 }).pass(295, { [CPU]: 0.9 });
    assert.deepEqual(bench.states, []);
    bench.pass(30, { [CPU]: 0.9 });
    const [opened] = bench.told;
    assert.deepEqual(bench.states, ['cpu LOW open']);
    assert.equal(opened?.since, BEGIN + MINUTE);
    assert.equal(opened?.kind, 'threshold');
    assert.match(opened?.sentence ?? '', /^CPU: 90 %, above the limit of 80 % since \d\d:\d\d:\d\d\.$/);
    const end = bench.at;
    bench.pass(300, { [CPU]: 0.79 }).pass(55, { [CPU]: 0.5 });
    assert.deepEqual(bench.states, ['cpu LOW open'], '79 % is not behind the line far enough');
    bench.pass(30, { [CPU]: 0.5 });
    assert.deepEqual(bench.states, ['cpu LOW open', 'cpu LOW closed']);
    assert.ok(Math.abs(bench.told[1]!.closedAt! - (end + 300_000)) < 10_000);
    assert.deepEqual(bench.limits.open(), []);
  });

  it('is not crossed by a build of four minutes, nor by what comes and goes around it', () => {
    const bench = new Bench();
    for (let build = 0; build < 10; build++) bench.pass(240, { [CPU]: 1 }).pass(60, { [CPU]: 0.1 });
    bench.pass(3600, { [CPU]: (second) => (second % 60 < 40 ? 0.95 : 0.3) });
    bench.pass(3600, { [CPU]: (second) => 0.79 + 0.02 * Math.sin(second) });
    assert.deepEqual(bench.told, []);
  });

  it('counts as crossed although single seconds, or single slots near it, are not beyond', () => {
    const bench = new Bench().pass(360, { [CPU]: (second) => (second % 7 === 0 ? 0.1 : 1) });
    assert.deepEqual(bench.states, ['cpu LOW open']);
    assert.equal(new Bench().pass(360, { [CPU]: (s) => (s % 100 < 10 ? 0.79 : 0.85) }).told.length, 1);
  });

  it('has its defaults: CPU 80 %, memory 85 %, each file system 90 %, inodes 90 %', () => {
    const { cpu, memory, disk, inodes, cpu_for, memory_for, disk_for } = DEFAULT_LIMITS;
    assert.deepEqual([cpu, memory, disk, inodes], [0.8, 0.85, 0.9, 0.9]);
    assert.deepEqual([cpu_for, memory_for, disk_for], [300_000, 120_000, 60_000]);
    const inodesOf = 'system.filesystem.inode.utilization{system.filesystem.mountpoint=/}';
    const bench = new Bench().pass(150, {
      [MEMORY]: 0.86,
      [use('/')]: 0.91,
      [use('/b')]: 0.89,
      [inodesOf]: 0.92,
    });
    assert.deepEqual(bench.states.sort(), ['disk LOW open', 'inodes LOW open', 'memory LOW open']);
  });

  it('is of single modes and of the fullest file system no line', () => {
    const bench = new Bench().pass(900, { [`${CPU}{cpu.mode=user}`]: 1, 'system.filesystem.utilization': 1 });
    assert.deepEqual(bench.told, []);
  });

  it('is none for what cannot fill, and one for one file system under two names', () => {
    const usage = (mount: string, state: string): string =>
      `system.filesystem.usage{system.filesystem.mountpoint=${mount},system.filesystem.state=${state}}`;
    const size = (mount: string) => ({ [usage(mount, 'used')]: 95e9, [usage(mount, 'free')]: 5e9 });
    const bench = new Bench().pass(120, {
      ...{ [use('/snap', 'system.filesystem.mode=ro,')]: 1, [use('/')]: 0.95, [use('/etc/hosts')]: 0.95 },
      ...{ ...size('/'), ...size('/etc/hosts') },
    });
    assert.deepEqual(
      bench.told.map(({ metrics }) => metrics[0]?.metric),
      [use('/')],
    );
  });

  it('rises by how far and how long, and never falls while it lasts', () => {
    const bench = new Bench().pass(120, { [use('/')]: 0.91 }).pass(60, { [use('/')]: 0.96 });
    bench.pass(60, { [use('/')]: 0.985 }).pass(600, { [use('/')]: 0.91 });
    assert.deepEqual(bench.states, ['disk LOW open', 'disk MEDIUM open', 'disk HIGH open']);
    assert.equal(new Set(bench.told.map(({ id }) => id)).size, 1);
    const busy = new Bench().pass(5 * 3600, { [CPU]: 0.99 });
    assert.deepEqual(busy.states, ['cpu LOW open', 'cpu MEDIUM open', 'cpu HIGH open']);
  });

  it('can be another one, off, of one mount, and of any metric', () => {
    const hot = { name: 'hot', metric: 'hw.temperature*', above: 80, for: '20s', severity: 'HIGH' };
    const idle = { name: 'idle', metric: CPU, below: '5%', for: '30s' };
    const bench = new Bench({ disk: 'off', memory: '50%', mounts: { '/data*': '70%' }, own: [hot, idle] });
    bench.pass(130, {
      ...{ [use('/')]: 0.99, [use('/data1')]: 0.75, [MEMORY]: 0.6, [CPU]: 0.01 },
      'hw.temperature{hw.name=cpu}': 90,
    });
    assert.deepEqual(bench.states.sort(), [
      'disk LOW open',
      'hot HIGH open',
      'idle LOW open',
      'memory LOW open',
    ]);
    assert.match(bench.told.find(({ limit }) => limit === 'idle')!.sentence, /below the limit of 5 %/);
  });

  it('closes when its series is seen no more, and when it is drawn elsewhere', () => {
    const bench = new Bench().pass(120, { [use('/usb')]: 0.99 }).pass(400, { [CPU]: 0.1 });
    assert.deepEqual(bench.states, ['disk HIGH open', 'disk HIGH closed']);
    const other = new Bench().pass(120, { [use('/')]: 0.95 });
    other.limits.use(settingsOf({ disk: 'off' }));
    assert.deepEqual(other.states, ['disk MEDIUM open', 'disk MEDIUM closed']);
    const same = new Bench().pass(120, { [use('/')]: 0.95 });
    same.limits.use(settingsOf({ cpu: 'off' }));
    same.pass(120, { [use('/')]: 0.95 });
    assert.deepEqual(same.states, ['disk MEDIUM open']);
    same.pass(120, { [use('/')]: 0.5 });
    assert.deepEqual(same.states, ['disk MEDIUM open', 'disk MEDIUM closed']);
  });

  it('is the same breach after a restart, and over where it is so no more', () => {
    const bench = new Bench().pass(120, { [use('/')]: 0.95 });
    const history = memoryHistory(bench.at, {});
    const next = new Bench();
    next.at = bench.at + MINUTE;
    next.limits.start(history, bench.limits.open(), next.at);
    next.pass(600, { [use('/')]: 0.95 });
    assert.deepEqual(
      next.told.map(({ id, state }) => [id, state]),
      [[bench.told[0]!.id, 'open']],
    );
    next.pass(120, { [use('/')]: 0.5 });
    assert.equal(next.told.at(-1)?.state, 'closed');
  });

  it('gives the same ids for the same history', () => {
    const run = () => new Bench().pass(900, { [CPU]: 0.9, [use('/')]: 0.93 }).told;
    assert.deepEqual(run(), run());
  });
});

/** All that is told of a share that goes so, minute by minute. */
function told(shape: Shape, days: number, key = use('/')): { breach: Breach; minute: number }[] {
  const shares = generatedShares(shape, (days * DAY) / MINUTE, 7);
  const found: { breach: Breach; minute: number }[] = [];
  let minute = 0;
  const limits = new Limits({
    ...{ host: 'test', settings: settingsOf({ disk: 'off' }), culprits: nobody },
    onBreach: (breach) => found.push({ breach, minute }),
  });
  const one = parseSeriesKey(key)!;
  for (const [index, value] of shares.entries()) {
    minute = index;
    limits.tick({ at: BEGIN + index * MINUTE, metrics: [{ series: one, value }] });
  }
  return found;
}

describe('a forecast', () => {
  const comesAndGoes: Readonly<Record<string, Shape>> = {
    'what does not grow': { base: 0.5 },
    'what only wanders': { base: 0.5, noise: 0.05 },
    'a heap that is collected each 20 minutes': { base: 0.3, saw: { height: 0.3, period: 20 } },
    'logs that are rotated each 3 hours': { base: 0.3, saw: { height: 0.4, period: 180 } },
    'a nightly cleanup': { base: 0.3, saw: { height: 0.5, period: 1440 } },
    'a cleanup each three days': { base: 0.3, saw: { height: 0.5, period: 4320 } },
    'a day and its night': { base: 0.3, diurnal: 0.5 },
    'a file that is copied': { base: 0.3, step: { at: 4320, height: 0.5 } },
    'a download of 10 minutes': { base: 0.3, burst: { at: 4320, lasts: 10, height: 0.3 } },
    'a cache that fills in a day': { base: 0.3, saturating: { at: 2880, height: 0.5, tau: 1440 } },
  };
  for (const [name, shape] of Object.entries(comesAndGoes)) {
    it(`is not made of ${name}, once a day of it is known`, () => {
      assert.deepEqual(
        told(shape, 8).filter(({ breach }) => !breach.provisional && breach.state === 'open'),
        [],
      );
    });
  }

  const leaks: Readonly<Record<string, Shape>> = {
    'a leak': { base: 0.3, leak: { at: 2880, perHour: 0.02 } },
    'a fast one': { base: 0.3, leak: { at: 2880, perHour: 0.2 } },
    'one under noise': { base: 0.3, noise: 0.02, leak: { at: 2880, perHour: 0.02 } },
    'one under collected heaps': {
      ...{ base: 0.3, saw: { height: 0.1, period: 30 } },
      leak: { at: 2880, perHour: 0.02 },
    },
  };
  for (const [name, shape] of Object.entries(leaks)) {
    it(`is made of ${name}: in time, near the truth, and once`, () => {
      const all = told(shape, 5);
      const full = generatedShares(shape, 5 * 1440, 7).findIndex((share) => share >= 1);
      const [first, ...others] = all;
      assert.ok(first && first.breach.kind === 'forecast' && !first.breach.provisional);
      const leftMinutes = full - first.minute;
      assert.ok(leftMinutes >= 120, `${leftMinutes} min ahead`);
      const { at, earliest, latest } = first.breach.full!;
      assert.ok(earliest <= at && at <= latest);
      const told_ = (at - BEGIN) / MINUTE - first.minute;
      assert.ok(Math.abs(told_ / leftMinutes - 1) < 0.25, `${told_} min told, ${leftMinutes} min true`);
      assert.ok(first.minute - 2880 >= 30, 'not before half an hour of it was seen');
      assert.equal(new Set(all.map(({ breach }) => breach.id)).size, 1, JSON.stringify(others.length));
      assert.equal(all.at(-1)?.breach.severity, 'HIGH');
    });
  }

  it('is over at once where what grew is gone', () => {
    const shape: Shape = { base: 0.3, leak: { at: 2880, perHour: 0.2 } };
    const shares = generatedShares(shape, 2880 + 150, 7);
    const states: string[] = [];
    const limits = new Limits({
      ...{ host: 'test', settings: settingsOf({ disk: 'off' }), culprits: nobody },
      onBreach: ({ state }) => states.push(state),
    });
    const one = parseSeriesKey(use('/var'))!;
    const tick = (minute: number, value: number): void =>
      limits.tick({ at: BEGIN + minute * MINUTE, metrics: [{ series: one, value }] });
    for (const [minute, value] of shares.entries()) tick(minute, value);
    assert.deepEqual(states, ['open']);
    for (let minute = 0; minute < 3; minute++) tick(shares.length + minute, 0.3);
    assert.deepEqual(states, ['open', 'closed']);
  });

  it('is never made of less than half an hour, nor where it is switched off', () => {
    const fast: Shape = { base: 0.3, leak: { at: 0, perHour: 0.6 } };
    const [first] = told(fast, 1);
    assert.ok(first && first.minute >= 30);
    assert.ok(first.breach.provisional, 'nobody knows yet what it does each day');
    const off = new Bench({ forecast_within: 'off', disk: 'off' });
    off.pass(7200, { [use('/')]: (second) => second / 7200 });
    assert.deepEqual(off.told, []);
  });

  it('is of the history what it is live, with why there is none', () => {
    const shares = generatedShares({ base: 0.3, leak: { at: 0, perHour: 0.02 } }, 1200, 3);
    const limits = new Limits({
      host: 'x',
      settings: DEFAULT_LIMITS,
      culprits: nobody,
      onBreach: () => {},
    });
    const now = Math.floor(BEGIN / MINUTE) * MINUTE;
    const from = now - shares.length * MINUTE;
    const kept = memoryHistory(from, { [MEMORY]: shares }, MINUTE);
    for (const [minute, value] of [...shares, shares.at(-1)!].entries())
      limits.tick({ at: from + minute * MINUTE, metrics: [metric(MEMORY, value)] });
    const [live] = limits.forecasts();
    const [read] = forecastsOf(kept, now);
    assert.ok(live?.full && read?.full);
    assert.ok(Math.abs(live.full.at - read.full.at) < HOUR);
    assert.equal(read.subject, 'memory');
    assert.match(read.why, /it grew without coming back over the last/);
    const flat = (minutes: number) => {
      const values = { [MEMORY]: new Float64Array(minutes).fill(0.4) };
      return forecastsOf(memoryHistory(now - minutes * MINUTE, values, MINUTE), now);
    };
    const still = flat(300);
    assert.match(still[0]!.why, /^it does not grow/);
    const young = flat(9);
    assert.match(young[0]!.why, /32 min without a gap are needed/);
  });
});

for (const name of ['virtual-machine', 'working-machine']) {
  test(`the recorded ${name}, on which nothing went wrong, gives no forecast but provisional ones and no full disk`, () => {
    const { ticks } = loadTrace(name);
    const found: Breach[] = [];
    const limits = new Limits({
      ...{ host: 'test', settings: DEFAULT_LIMITS, culprits: nobody },
      onBreach: (breach) => found.push(breach),
    });
    for (const tick of ticks) limits.tick(tick);
    assert.deepEqual(
      found
        .filter(({ kind, limit }) => kind === 'forecast' || limit !== 'cpu')
        .map(({ sentence }) => sentence),
      [],
    );
  });
}

test('a tick costs next to nothing where nothing is watched, and names are interned', () => {
  const limits = new Limits({
    host: 'x',
    settings: DEFAULT_LIMITS,
    culprits: nobody,
    onBreach: () => assert.fail(),
  });
  const tick: Tick = { at: BEGIN, metrics: [{ series: series('system.linux.run_queue'), value: 3 }] };
  for (let second = 0; second < 100; second++) limits.tick({ ...tick, at: BEGIN + second * 1000 });
  assert.deepEqual([limits.open(), limits.forecasts()], [[], []]);
});
