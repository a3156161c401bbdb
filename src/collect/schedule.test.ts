import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTimers } from '../../test/support/manual-timers.ts';
import { smallHost } from '../../test/support/small-host.ts';
import { ManualClock } from '../lib/clock.ts';
import { series, type Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { Collection, Collector } from './collector.ts';
import { Interval, Rate } from './counter.ts';
import { Schedule, type ScheduleOptions } from './schedule.ts';

const START = 1_790_000_000_000;
const LOAD = series('system.linux.cpu.load_1m');
const SWITCHES = series('system.linux.context_switches');

const collector = (name: string, collect: Collector['collect']): Collector => ({
  name,
  platforms: ['linux'],
  collect,
});
const one: Collection = { metrics: [{ series: LOAD, value: 1 }], blind: [{ what: 'a', why: 'b' }] };
const steady = collector('steady', async () => one);

function scanOf(at: { readonly wall: number }, full: boolean): ProcessScan {
  return { at: at.wall, full, processes: [], gone: [], unreadable: {} };
}

function make(options: Partial<ScheduleOptions> = {}, start = START) {
  const clock = new ManualClock(start);
  const timers = new ManualTimers(clock);
  const ticks: Tick[] = [];
  const scans: ProcessScan[] = [];
  const notes: string[] = [];
  const schedule = new Schedule({
    host: smallHost({}),
    clock,
    timers,
    collectors: [steady],
    scanProcesses: scanOf,
    onTick: (tick) => ticks.push(tick),
    onScan: (scan) => scans.push(scan),
    onNote: (note) => notes.push(note),
    ...options,
  });
  return { clock, timers, ticks, scans, notes, schedule };
}

const times = (ticks: readonly Tick[]): number[] => ticks.map((tick) => (tick.at - START) / 1000);

test('a tick at once, then one at each whole second, for an hour without drift', async () => {
  const { schedule, timers, ticks, clock } = make({}, START + 300);
  schedule.start();
  await timers.advance(3_600_000);
  assert.equal(ticks.length, 3601);
  assert.deepEqual(times(ticks).slice(0, 4), [0, 1, 2, 3]);
  assert.ok(ticks.every((tick) => tick.at % 1000 === 0));
  assert.equal(clock.now() - (ticks.at(-1)?.at ?? 0), 300);
  assert.deepEqual(schedule.losses(), []);
});

test('all processes every 5 s, the busy ones each second', async () => {
  const { schedule, timers, scans } = make();
  schedule.start();
  await timers.advance(11_000);
  const full = scans.map((scan) => scan.full);
  assert.deepEqual(full, [true, false, false, false, false, true, false, false, false, false, true, false]);
});

test('what a scan saw is shown to the collectors', async () => {
  let observed = 0;
  const counting: Collector = { ...steady, observe: () => observed++ };
  const { schedule, timers } = make({ collectors: [counting] });
  schedule.start();
  await timers.advance(2000);
  assert.equal(observed, 3);
});

test('a collector that hangs is late, is not asked again, and holds up nobody', async () => {
  let asked = 0;
  let answer = (_: Collection): void => undefined;
  const stuck = collector('stuck', () => {
    asked++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const { schedule, timers, ticks } = make({ collectors: [stuck, steady] });
  schedule.start();
  await timers.advance(10_400);
  assert.equal(asked, 1);
  assert.equal(ticks.length, 11, 'the tick at the start went out at the deadline, the others at once');
  assert.ok(ticks.every((tick) => tick.metrics.length === 1));
  const [report] = schedule.reports();
  assert.equal(report?.outcome, 'late');
  answer({ metrics: [{ series: LOAD, value: 2 }], blind: [] });
  await timers.advance(1000);
  assert.equal(asked, 2, 'asked again once it has answered');
  const values = ticks.flatMap((tick) => tick.metrics.map((metric) => metric.value));
  assert.ok(!values.includes(2), 'an answer from ten seconds ago is in no tick');
});

test('a collector that fails is reported, and the others are not affected', async () => {
  const broken = collector('broken', () => {
    throw new Error('no such\nthing');
  });
  const { schedule, timers, ticks } = make({ collectors: [broken, steady] });
  schedule.start();
  await timers.advance(2000);
  const [first, second] = schedule.reports();
  assert.equal(first?.outcome, 'failed');
  assert.equal(first?.error, 'no such thing');
  assert.equal(first?.failures, 3);
  assert.deepEqual([second?.outcome, second?.runs, second?.metrics, second?.blind.length], ['ok', 3, 1, 1]);
  assert.equal(ticks.at(-1)?.metrics.length, 1);
});

test("a collector's duration is its own, not that of those asked after it", async () => {
  const made = make();
  const takes = (ms: number) =>
    collector(`${ms}`, async () => {
      made.clock.advance(ms);
      return one;
    });
  const { schedule, timers } = make({
    clock: made.clock,
    timers: made.timers,
    collectors: [takes(3), takes(40), takes(7)],
  });
  schedule.start();
  await timers.advance(0);
  const durations = schedule.reports().map((report) => report.durationMs);
  assert.deepEqual(durations.slice(0, 3), [3, 40, 7]);
});

test('several that hang hold up none of the others', async () => {
  const stuck = collector('stuck', () => new Promise(() => undefined));
  const { schedule, timers, ticks } = make({ collectors: [stuck, steady, stuck, stuck, steady] });
  schedule.start();
  await timers.advance(600);
  assert.equal(ticks[0]?.metrics.length, 2);
  assert.deepEqual(
    schedule.reports().map((report) => report.outcome),
    ['late', 'ok', 'late', 'late', 'ok', 'ok'],
  );
});

test('when the program is held up, the ticks that were missed are counted, not made up', async () => {
  const { schedule, timers, ticks } = make();
  schedule.start();
  await timers.advance(2000);
  await timers.block(7300);
  await timers.advance(2000);
  assert.deepEqual(times(ticks), [0, 1, 2, 9, 10, 11]);
  const [loss] = schedule.losses().filter((each) => each.what === 'ticks missed');
  assert.equal(loss?.count, 6);
});

test('a wall clock that is set forward or that stood still in sleep is a count of missed ticks', async () => {
  const { schedule, timers, ticks, clock, notes } = make();
  schedule.start();
  await timers.advance(2000);
  clock.jump(3_600_000);
  await timers.advance(2000);
  assert.deepEqual(times(ticks), [0, 1, 2, 3603, 3604]);
  assert.equal(schedule.losses()[0]?.count, 3600);
  assert.match(notes.join(), /forward by 60 min|forward by 1 h/);
});

test('a wall clock that is set back moves the times of ticks and is noted; the beat goes on', async () => {
  const { schedule, timers, ticks, clock, notes } = make();
  schedule.start();
  await timers.advance(2000);
  clock.jump(-3_600_400);
  await timers.advance(3500);
  assert.ok(ticks.length >= 5);
  assert.ok((ticks.at(-1)?.at ?? 0) < START);
  assert.ok(ticks.every((tick) => tick.at % 1000 === 0));
  assert.match(notes.join(), /jumped back/);
});

test('rates do not notice when the wall clock jumps', async () => {
  for (const jump of [3_600_000, -3_600_000]) {
    const interval = new Interval();
    const rate = new Rate(SWITCHES);
    const clock = new ManualClock(START);
    const counter = collector('counter', async (_host, at) => {
      const metrics: { series: typeof SWITCHES; value: number }[] = [];
      rate.push(metrics, at / 10, interval.step(at));
      return { metrics, blind: [] };
    });
    const timers = new ManualTimers(clock);
    const values: number[] = [];
    const schedule = make({
      clock,
      timers,
      collectors: [counter],
      onTick: (tick) => values.push(...tick.metrics.map((metric) => metric.value)),
    }).schedule;
    schedule.start();
    await timers.advance(3000);
    clock.jump(jump);
    await timers.advance(5000);
    assert.ok(values.length >= 6);
    for (const value of values) assert.ok(Math.abs(value - 100) < 1e-6, `${value}`);
  }
});

test('a scan that fails or hangs is a scan missed, with the reason', async () => {
  let mode: 'fail' | 'hang' = 'fail';
  const { schedule, timers, scans } = make({
    scanProcesses: () => {
      if (mode === 'fail') throw new Error('hidden');
      return new Promise<ProcessScan>(() => undefined);
    },
  });
  schedule.start();
  await timers.advance(1000);
  mode = 'hang';
  await timers.advance(4000);
  assert.equal(scans.length, 0);
  const lost = schedule.losses().map((loss) => [loss.why, loss.count]);
  assert.deepEqual(lost, [
    ['hidden', 2],
    ['the one before has not ended', 3],
  ]);
  const report = schedule.reports().at(-1);
  assert.deepEqual([report?.collector, report?.outcome], ['processes', 'late']);
});

test('an extra scan is a full one and comes at once', async () => {
  const { schedule, timers, scans } = make();
  schedule.start();
  await timers.advance(2500);
  const scan = await schedule.scanNow();
  assert.equal(scan?.full, true);
  assert.equal(scan?.at, START + 2500);
  assert.equal(scans.at(-1), scan);
});

test('after stop nothing is called any more', async () => {
  const { schedule, timers, ticks, scans } = make();
  schedule.start();
  await timers.advance(1000);
  await schedule.stop();
  const before = [ticks.length, scans.length];
  await timers.advance(5000);
  assert.deepEqual([ticks.length, scans.length], before);
  assert.equal(timers.pending, 0);
  schedule.start();
  await timers.advance(0);
  assert.equal(ticks.length, (before[0] ?? 0) + 1, 'it can be started again');
});

const BATTERY = {
  folders: { '/sys/class/power_supply': ['AC', 'BAT0'] },
  files: {
    '/sys/class/power_supply/AC/type': 'Mains\n',
    '/sys/class/power_supply/AC/online': '0\n',
    '/sys/class/power_supply/BAT0/type': 'Battery\n',
    '/sys/class/power_supply/BAT0/status': 'Discharging\n',
  },
} as const;

test('on battery the machine is looked at every 5 s, and every second again on mains', async () => {
  const host = smallHost(BATTERY, { files: { '/sys/class/power_supply/AC/online': '1\n' } });
  const { schedule, timers, ticks, notes } = make({ host });
  assert.deepEqual(schedule.intervals(), { metricsMs: 5000, processesMs: 25_000, reason: 'on battery' });
  schedule.start();
  await timers.advance(20_000);
  assert.deepEqual(times(ticks), [0, 5, 10, 15, 20]);
  host.seek(1);
  await timers.advance(20_000);
  assert.equal(schedule.intervals().metricsMs, 1000);
  assert.deepEqual(times(ticks).slice(-3), [38, 39, 40]);
  assert.match(notes.join(), /every 1 s: default/);
});

test('a machine near its critical temperature is looked at every 10 s', () => {
  const zone = '/sys/class/thermal/thermal_zone0';
  const at = (temperature: string) =>
    make({
      host: smallHost({
        folders: { '/sys/class/thermal': ['thermal_zone0'] },
        files: {
          [`${zone}/temp`]: temperature,
          [`${zone}/trip_point_0_type`]: 'passive\n',
          [`${zone}/trip_point_0_temp`]: '60000\n',
          [`${zone}/trip_point_1_type`]: 'critical\n',
          [`${zone}/trip_point_1_temp`]: '105000\n',
        },
      }),
    }).schedule.intervals().metricsMs;
  assert.equal(at('101000\n'), 10_000);
  assert.equal(at('80000\n'), 1000);
});

test('what is configured holds, whatever the power', () => {
  const host = smallHost(BATTERY);
  const both = make({ host, intervals: { metricsMs: 2000, processesMs: 4000 } }).schedule;
  assert.deepEqual(both.intervals(), { metricsMs: 2000, processesMs: 4000, reason: 'configured' });
  const metrics = make({ host, intervals: { metricsMs: 2000 } }).schedule;
  assert.deepEqual(metrics.intervals(), {
    metricsMs: 2000,
    processesMs: 25_000,
    reason: 'configured, else on battery',
  });
});
