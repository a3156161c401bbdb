import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceFrame, TopScan } from '../../model/evidence.ts';
import type { HistoryQuery } from '../../model/history.ts';
import type { Incident } from '../../model/incident.ts';
import type { Process, ProcessScan } from '../../model/process.ts';
import { FlightRecorder, type Span } from './flight-recorder.ts';

const BEGIN = 1_790_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KEYS = Array.from({ length: 20 }, (_, index) => `series ${index}`);

const INCIDENT: Incident = {
  ...{ schema: 1, id: 'incident', host: 'web', state: 'open', severity: 'LOW', provisional: false },
  ...{ kind: 'machine', cause: 'cpu', sentence: '', since: BEGIN, openedAt: BEGIN, updatedAt: BEGIN },
  ...{ returns: 0, flapping: false, signals: [], metrics: [], culprits: [], decisions: [] },
};

/** A machine with a value a second in each of its series, and a scan each five seconds. */
class Bench {
  readonly metrics: { readonly piece: Span; readonly frames: readonly EvidenceFrame[] }[] = [];
  readonly scans: TopScan[] = [];
  at = BEGIN;
  open: Incident[] = [];
  recorded: { readonly to: number; readonly totalMs: number } | undefined;
  readonly recorder = new FlightRecorder({
    history: () => ({
      series: () => KEYS.map((key) => ({ key, unit: '1', firstAt: 0, lastAt: this.at })),
      query: ({ metrics, from, to }: HistoryQuery) => ({
        stepSeconds: 1,
        frames: metrics.map((metric) => {
          const seconds = (Math.min(to, this.at) - from) / SECOND;
          const at = Float64Array.from({ length: seconds }, (_, index) => from + index * SECOND);
          return { metric, unit: '1', at, mean: at, min: at, max: at };
        }),
      }),
    }),
    recorded: () => this.recorded,
    keepMetrics: (_, piece, frames) => this.metrics.push({ piece, frames }),
    keepScans: (_, __, scans) => this.scans.push(...scans),
  });

  pass(ms: number): this {
    for (const end = this.at + ms; this.at < end; ) {
      this.at += SECOND;
      if (this.at % (5 * SECOND) === 0) this.recorder.scan(scanAt(this.at));
      this.recorder.look(this.open, this.at);
    }
    return this;
  }

  begin(incident: Incident = { ...INCIDENT, since: this.at }): this {
    this.open = [incident];
    this.recorder.observe(incident, this.at);
    return this;
  }

  end(): this {
    const [incident] = this.open;
    this.open = [];
    this.recorder.observe({ ...incident!, state: 'closed', closedAt: this.at }, this.at);
    return this.pass(10 * SECOND);
  }

  /** Seconds, relative to the beginning, of which a series was kept. */
  seconds(metric = KEYS[0]): number[] {
    const frames = this.metrics.flatMap(({ frames }) => frames.filter((frame) => frame.metric === metric));
    return frames.flatMap(({ at }) => Array.from(at, (moment) => (moment - BEGIN) / SECOND));
  }
}

function scanAt(at: number): ProcessScan {
  const process = (pid: number): Process => ({
    ...{
      id: `boot-${pid}-1`,
      pid,
      ppid: 1,
      name: `p${pid}`,
      executable: `/bin/p${pid}`,
      invokedAs: undefined,
    },
    ...{ args: [], startedAt: 0, uid: 0, gid: 0, cgroup: undefined, containerId: undefined, state: 'S' },
    ...{ threads: 1, cpu: pid / 100, cpuTime: 0, childCpuTime: 0, memory: 0, rss: 1000 - pid, virtual: 0 },
    ...{ readBytes: 0, writeBytes: 0, readRate: 0, writeRate: 0, ioCalls: 0, majorFaults: 0, minorFaults: 0 },
    ...{ openFiles: 0, contextSwitches: 0 },
  });
  const processes = Array.from({ length: 40 }, (_, index) => process(index + 1));
  return { at, full: true, processes, gone: [], unreadable: {} };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('ten minutes before an incident and all of a short one are kept, each second once, of every series', () => {
  const bench = new Bench()
    .pass(15 * MINUTE)
    .begin()
    .pass(12 * MINUTE)
    .end();
  for (const key of KEYS) assert.deepEqual(bench.seconds(key), range(5 * 60, 27 * 60));
});

test('of a long one the first half hour and the last ten minutes are kept', () => {
  const bench = new Bench()
    .pass(15 * MINUTE)
    .begin()
    .pass(180 * MINUTE)
    .end();
  assert.deepEqual(bench.seconds(), [...range(5 * 60, 45 * 60), ...range(185 * 60, 195 * 60)]);
});

test('a crash takes the last minutes at most, and what was kept is not kept again after it', () => {
  const bench = new Bench()
    .pass(15 * MINUTE)
    .begin()
    .pass(12 * MINUTE);
  const kept = bench.seconds();
  assert.deepEqual(kept, range(5 * 60, 25 * 60));
  const after = new Bench();
  after.recorded = { to: BEGIN + 25 * MINUTE, totalMs: 20 * MINUTE };
  after.at = BEGIN + 28 * MINUTE;
  after.begin({ ...INCIDENT, since: BEGIN + 15 * MINUTE }).end();
  assert.deepEqual(after.seconds(), range(25 * 60, 28 * 60));
});

test('what comes and goes keeps an hour at most', () => {
  const bench = new Bench().pass(15 * MINUTE);
  for (let round = 0; round < 20; round++) {
    bench
      .begin()
      .pass(10 * MINUTE)
      .end();
    const kept = bench.seconds();
    bench.recorded = { to: BEGIN + (kept.at(-1)! + 1) * SECOND, totalMs: kept.length * SECOND };
  }
  assert.ok(bench.seconds().length <= 80 * 60, `${bench.seconds().length} seconds`);
});

test('each scan around it is kept with those that took most of CPU or memory', () => {
  const bench = new Bench()
    .pass(15 * MINUTE)
    .begin()
    .pass(2 * MINUTE)
    .end();
  assert.equal(bench.scans.length, (12 * 60) / 5);
  assert.deepEqual(
    bench.scans[0]!.processes.map(({ pid }) => pid),
    [40, 39, 38, 37, 36, 1, 2, 3, 4, 5],
  );
});

test('one that began long before it was raised keeps no more than half an hour of that', () => {
  const bench = new Bench()
    .pass(120 * MINUTE)
    .begin({ ...INCIDENT, since: BEGIN })
    .end();
  assert.deepEqual(bench.seconds(), range(90 * 60, 120 * 60));
});
