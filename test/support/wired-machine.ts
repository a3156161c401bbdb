import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Agent } from '../../src/agent/agent.ts';
import { coverageOf } from '../../src/agent/coverage.ts';
import { MachineScorer } from '../../src/agent/machine-scorer.ts';
import { AnomalyJournal } from '../../src/alert/journal.ts';
import { KeptProfiles } from '../../src/alert/profiles/kept-profiles.ts';
import type { Collector } from '../../src/collect/collector.ts';
import type { Space } from '../../src/collect/host.ts';
import { createProcessScanner } from '../../src/collect/process/linux.ts';
import { collectorsFor } from '../../src/collect/registry.ts';
import { Schedule } from '../../src/collect/schedule.ts';
import { Hub } from '../../src/hub/hub.ts';
import { Learner } from '../../src/learn/learner.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { countedAlarms } from '../../src/model/alarm-rate.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { fixtureArchive } from './fixture-archive.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { ManualTimers } from './manual-timers.ts';
import { ProcHost } from './proc-host.ts';

/** 1000 context switches a second, and half of one of its two CPUs in use. */
export const SWITCHES_PER_SECOND = 1000;

/** A machine whose counters go on with the monotonic clock, as the kernel's do, whatever happens to the wall clock. */
class SteadyMachine extends ProcHost {
  readonly #clock: ManualClock;
  readonly #space: (path: string) => Promise<Space>;

  constructor(clock: ManualClock, space: (path: string) => Promise<Space>) {
    super();
    this.#clock = clock;
    this.#space = space;
    this.write(
      '/proc/self/mountinfo',
      '20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 1 8:2 / /srv rw - ext4 /dev/sdb1 rw\n',
    );
    this.put({ pid: 1, executable: '/sbin/init' });
  }

  override read(path: string): number {
    if (path === '/proc/stat') this.#turn();
    return super.read(path);
  }

  override space(path: string): Promise<Space> {
    return this.#space(path);
  }

  #turn(): void {
    const seconds = 1000 + this.#clock.monotonic() / 1000;
    const ticks = (rate: number): number => Math.round(seconds * rate);
    const cpu = (name: string, used: number): string =>
      `${name} ${ticks(used)} 0 0 ${ticks(100 - used)} 0 0 0 0 0 0`;
    const all = `cpu  ${ticks(50)} 0 0 ${ticks(150)} 0 0 0 0 0 0`;
    this.write(
      '/proc/stat',
      `${[all, cpu('cpu0', 50), cpu('cpu1', 0)].join('\n')}\nctxt ${ticks(SWITCHES_PER_SECOND)}\nbtime 1700000000\nprocesses ${ticks(2)}\n`,
    );
  }
}

/** A disk that is half full. */
const halfFull = async (): Promise<Space> => ({
  total: 100,
  free: 50,
  available: 50,
  files: 10,
  filesFree: 5,
});

export interface WiredMachine {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly timers: ManualTimers;
  readonly schedule: Schedule;
  readonly store: Store;
  readonly learner: Learner;
  readonly hub: Hub;
  readonly notes: readonly string[];
  /** Closes the store, as at the end of the program. */
  stop(): Promise<void>;
}

/** All parts from a made machine to the hub, wired as in the program, with time in the test's hand; not yet started. */
export function wireMachine(
  t: TestContext,
  options: {
    readonly start: number;
    readonly space?: (path: string) => Promise<Space>;
    readonly moreCollectors?: readonly Collector[];
  },
): WiredMachine {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-wired-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock(options.start);
  const timers = new ManualTimers(clock);
  const host = new SteadyMachine(clock, options.space ?? halfFull);
  const scanner = createProcessScanner(host);
  const store = openStore({ folder, clock });
  const scorer = new MachineScorer();
  const journal = new AnomalyJournal({ path: join(folder, 'anomalies.json'), now: () => clock.now() });
  const learner = new Learner({
    clock,
    log: silentLog,
    folder: join(folder, 'models'),
    provisionalAfterMs: 600_000,
    calibratedAfterMs: 86_400_000,
    seed: 1,
    startTraining: () => ({ done: new Promise<string>(() => {}), cancel: () => {} }),
    startComparison: () => ({ done: new Promise<never>(() => {}), cancel: () => {} }),
    onModel: (model) => scorer.use(model, store, clock.now()),
  });
  const profiles = new KeptProfiles({ path: join(folder, 'profiles.json'), onProblem: assert.fail });
  const agent = new Agent({
    clock,
    log: silentLog,
    hostId: 'test',
    machine: { cpus: 2, memoryBytes: 1e9 },
    store,
    journal,
    scorer,
    profiles,
    matureAfterMs: 600_000,
    learn: (at) => void learner.observe(at),
    phase: () => learner.state().phase,
    socketOwners: () => new Set(),
    waitChannel: () => undefined,
    wakeups: () => undefined,
    anonymousBytes: () => undefined,
    processesMs: () => 5000,
    isTraining: () => false,
    onTick: (tick, score) => hub.ticked(tick, score),
    onScan: (scan) => hub.scanned(scan),
    onAnomaly: (anomaly) => hub.raised(anomaly),
    onBreach: () => {},
    limits: DEFAULT_LIMITS,
  });
  const notes: string[] = [];
  const schedule = new Schedule({
    host,
    clock,
    timers,
    collectors: [...collectorsFor('linux'), ...(options.moreCollectors ?? [])],
    scanProcesses: (at, full) => scanner.scan(at, full),
    scanBlindSpots: () => scanner.blindSpots(),
    onTick: (tick) => agent.tick(tick),
    onScan: (scan) => agent.scan(scan),
    onNote: (note) => notes.push(note),
  });
  const hub = new Hub({
    clock,
    version: '0.0.0',
    dataFolder: folder,
    history: store,
    archive: fixtureArchive([]),
    agent: {
      hostId: 'test',
      learning: () => learner.state(),
      coverage: () =>
        coverageOf(
          schedule.reports(),
          [...schedule.losses(), ...store.losses(), ...journal.losses()],
          clock.now(),
          store.stats().problem,
        ),
      intervals: () => schedule.intervals(),
      score: () => scorer.now(),
      bands: () => scorer.bands(),
      processes: () => agent.processes(),
      openAnomalies: () => agent.openAnomalies(),
      openIncidents: () => [],
      openBreaches: () => agent.openBreaches(),
      forecasts: () => agent.forecasts(),
      advice: () => ({ at: clock.now(), recommendations: [], top: [] }),
      profiles: (wanted) => profiles.answer(clock.now(), wanted),
      alarms: () => ({
        wishedPerWeek: 7,
        model: scorer.alarmRate(7),
        sinceModel: countedAlarms(0, 0),
        lately: countedAlarms(0, 0),
      }),
    },
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await schedule.stop();
    learner.stop();
    agent.stop();
    journal.close();
    store.close();
  };
  t.after(stop);
  return { folder, clock, timers, schedule, store, learner, hub, notes, stop };
}
