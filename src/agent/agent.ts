import { Attributor } from '../alert/attribute.ts';
import { GrowthDetector } from '../alert/growth.ts';
import type { AnomalyJournal } from '../alert/journal.ts';
import { ProcessLedger } from '../alert/process-ledger.ts';
import type { KeptProfiles } from '../alert/profiles/kept-profiles.ts';
import { SilenceDetector } from '../alert/silence.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { LimitSettings } from '../limits/settings.ts';
import type { Anomaly, Culprit } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { History } from '../model/history.ts';
import type { LearningPhase } from '../model/learning.ts';
import { series, type Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import { Settling } from '../model/settling.ts';
import type { ScoreNow } from '../model/status.ts';
import { MachineAlarms } from './machine-alarms.ts';
import { MachineLimits } from './machine-limits.ts';
import type { MachineScorer } from './machine-scorer.ts';
import { ProcessTable } from './process-table.ts';

/** Where the agent's findings are kept. */
export interface AgentStore extends History {
  append(tick: Tick): void;
  appendProcesses(scan: ProcessScan): void;
  appendAnomaly(anomaly: Anomaly | Breach): void;
  maintain(budgetMs: number): boolean;
}

export interface AgentOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly hostId: string;
  readonly machine: { readonly cpus: number; readonly memoryBytes: number };
  readonly store: AgentStore;
  readonly journal: AnomalyJournal;
  readonly scorer: MachineScorer;
  readonly profiles: Pick<KeptProfiles, 'observe'>;
  /** A sample was stored: learning may go on. */
  learn(at: number, unusualSince: number | undefined): void;
  phase(): LearningPhase;
  /** A process is known well enough for its silence to mean something after so long, ms; 10 min at most. */
  readonly matureAfterMs: number;
  /** Time between full scans now, ms. */
  readonly processesMs: () => number;
  /** Whether a training runs beside. */
  readonly isTraining: () => boolean;
  readonly socketOwners: () => ReadonlySet<number>;
  readonly waitChannel: (pid: number) => string | undefined;
  readonly wakeups: (pid: number) => number | undefined;
  readonly anonymousBytes: (pid: number) => number | undefined;
  /** The hub beside it. */
  readonly onTick: (tick: Tick, score: ScoreNow | undefined) => void;
  readonly onScan: (scan: ProcessScan) => void;
  readonly onAnomaly: (anomaly: Anomaly) => void;
  readonly onBreach: (breach: Breach) => void;
  /** The lines that people drew. */
  readonly limits: LimitSettings;
  /** What the user wishes for. */
  readonly alarmsPerWeek?: number;
  /** A row was scored; the machine as a whole alarmed. `at`: wall clock, ms. */
  readonly onScored?: (at: number) => void;
  readonly onAlarm?: (at: number) => void;
}

/** The usual time between full scans, ms. */
const FULL_SCAN_MS = 5000;
/** Milliseconds of upkeep that the store may do after each tick. */
const UPKEEP_MS = 8;

/** The rows after a training still show it, until its thread's memory is given back (10 s later). */
const AFTER_TRAINING_MS = 15_000;

const SCORE = series('homeostat.score');

/** A tick or a scan in; kept, scored, explained and raised. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #ledger = new ProcessLedger();
  readonly #table = new ProcessTable();
  readonly #silence: SilenceDetector;
  readonly #growth: GrowthDetector;
  readonly #alarms: MachineAlarms;
  readonly #limits: MachineLimits;
  readonly #settling = new Settling();
  #trainedAt = Number.NaN;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { matureAfterMs, processesMs, waitChannel, wakeups } = options;
    this.#silence = new SilenceDetector({
      matureScans: Math.min(120, Math.max(24, Math.round(matureAfterMs / FULL_SCAN_MS))),
      intervalMs: processesMs,
      waitChannel,
      wakeups,
    });
    this.#growth = new GrowthDetector({
      memoryBytes: options.machine.memoryBytes,
      anonymousBytes: options.anonymousBytes,
    });
    const { alarmsPerWeek, onAlarm, clock, log, store, journal, hostId: host, onBreach } = options;
    const { machine, socketOwners } = options;
    const attributor = new Attributor(this.#ledger, { machine, socketOwners });
    this.#limits = new MachineLimits({
      ...{ host, clock, log, store, journal, attributor, onBreach, settings: options.limits },
      processes: () => this.#table.current(),
    });
    this.#alarms = new MachineAlarms({
      host,
      stepSeconds: 1,
      ...(alarmsPerWeek !== undefined && { alarmsPerWeek }),
      onAlarm: () => onAlarm?.(options.clock.now()),
      reach: () => options.scorer.reach(),
      culprits: attributor,
      onAnomaly: (anomaly) => this.#raise(anomaly),
    });
  }

  /**
   * Closes the anomalies that an earlier run left open: nobody watched them since. What was beyond a limit may be so still.
   * To be called once, when everything is wired.
   */
  start(): void {
    const now = this.#options.clock.now();
    const left = this.#options.store.anomalies({}).filter(({ state }) => state === 'open');
    this.#alarms.close(now, left);
    this.#limits.start();
  }

  tick(tick: Tick): void {
    const { clock, scorer, store } = this.#options;
    const score = this.#isItself(tick.at) ? scorer.score(tick) : undefined;
    const kept = score
      ? { ...tick, metrics: [...tick.metrics, { series: SCORE, value: score.value }] }
      : tick;
    store.append(kept);
    if (score) this.#options.onScored?.(tick.at);
    this.#options.learn(tick.at, this.#alarms.ofMachine()?.since);
    this.#alarms.tick({ at: tick.at, score, phase: this.#options.phase() }, clock.monotonic());
    this.#limits.tick(kept);
    this.#options.onTick(kept, scorer.now());
    store.maintain(UPKEEP_MS);
  }

  scan(scan: ProcessScan): void {
    this.#table.observe(scan);
    this.#ledger.observe(scan);
    this.#options.store.appendProcesses(scan);
    if (scan.full) {
      const findings = [
        ...this.#silence.observe(scan),
        ...this.#growth.observe(scan),
        ...this.#options.profiles.observe(scan, this.#suspects()),
      ];
      this.#alarms.findings(findings, scan.at, this.#options.phase());
    }
    this.#options.onScan(scan);
  }

  processes(): ProcessScan | undefined {
    return this.#table.current();
  }

  openAnomalies(): readonly Anomaly[] {
    return this.#alarms.open();
  }

  openBreaches(): readonly Breach[] {
    return this.#limits.open();
  }

  /** What can be said of each thing that can run full. */
  forecasts(): readonly Forecast[] {
    return this.#limits.forecasts();
  }

  /** The processes that changed most, over the last minutes, in what a series is about. */
  blame(key: string): readonly Culprit[] {
    return this.#limits.blame(key);
  }

  /** Other lines. */
  limit(settings: LimitSettings): void {
    this.#limits.use(settings);
  }

  /** Another wish of the user. */
  wish(alarmsPerWeek: number): void {
    this.#alarms.wish(alarmsPerWeek);
  }

  /** Closes what is open: nobody will watch it any more. */
  stop(): void {
    this.#alarms.close(this.#options.clock.now());
  }

  /** Processes that an open anomaly names. */
  #suspects(): ReadonlySet<string> {
    return new Set(this.#alarms.open().flatMap(({ culprits }) => culprits.map(({ id }) => id)));
  }

  /** What Homeostat itself does when it starts and when it trains is no news of the machine: such rows are not scored. */
  #isItself(at: number): boolean {
    if (this.#settling.observe(at)) return false;
    if (this.#options.isTraining()) this.#trainedAt = at;
    return !(Math.abs(at - this.#trainedAt) < AFTER_TRAINING_MS);
  }

  #raise(anomaly: Anomaly): void {
    const { log, journal, onAnomaly, store } = this.#options;
    store.appendAnomaly(anomaly);
    journal.write(anomaly);
    const fields = {
      id: anomaly.id,
      severity: anomaly.severity,
      state: anomaly.state,
      provisional: anomaly.provisional,
    };
    log[anomaly.severity === 'LOW' || anomaly.state === 'closed' ? 'info' : 'warn'](anomaly.sentence, fields);
    onAnomaly(anomaly);
  }
}
