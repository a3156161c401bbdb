import { AnomalyTracker, type CulpritFinder, type TrackerTick } from '../alert/tracker.ts';
import { RateController } from '../detect/rate-controller.ts';
import { alarmSeconds, DEFAULT_ALARMS_PER_WEEK } from '../model/alarm-rate.ts';
import type { Anomaly, ProcessFinding, Severity } from '../model/anomaly.ts';
import type { LearningPhase } from '../model/learning.ts';
import { severityOf } from '../model/severity.ts';

export interface MachineAlarmsOptions {
  readonly host: string;
  /** Seconds from row to row. */
  readonly stepSeconds: number;
  readonly culprits: CulpritFinder<unknown>;
  /** What the user wishes for; DEFAULT_ALARMS_PER_WEEK, if left out. */
  readonly alarmsPerWeek?: number;
  /** The longest return period that the model gives now, seconds. */
  reach(): number;
  /** The machine as a whole alarmed: called once for each of its anomalies, before `onAnomaly`. */
  readonly onAlarm?: () => void;
  /** As of AnomalyTracker. */
  readonly onAnomaly: (anomaly: Anomaly) => void;
}

/**
 * Scores and findings -> anomalies, no more of them than a person can bear: what the tracker would open must be as rare as the
 * rate controller asks for. The daemon and `homeostat evaluate` raise through this, so that what is judged is what runs.
 */
export class MachineAlarms {
  #controller: RateController;
  readonly #tracker: AnomalyTracker<unknown>;
  readonly #reach: () => number;
  readonly #onAlarm: () => void;
  #alarmed: string | undefined;
  #restedAt: number | undefined;

  constructor(options: MachineAlarmsOptions) {
    const { host, stepSeconds, culprits, reach, onAnomaly, onAlarm = () => {} } = options;
    const baseSeconds = alarmSeconds(options.alarmsPerWeek ?? DEFAULT_ALARMS_PER_WEEK);
    this.#controller = new RateController({ baseSeconds });
    this.#reach = reach;
    this.#onAlarm = onAlarm;
    this.#tracker = new AnomalyTracker({
      host,
      stepSeconds,
      culprits,
      alarmSeconds: baseSeconds,
      severityOf: (returnPeriodSeconds) => this.#severity(returnPeriodSeconds),
      onAnomaly: (anomaly) => {
        if (anomaly.state === 'open' && anomaly.kind === 'machine') this.#count(anomaly.id);
        onAnomaly(anomaly);
      },
    });
  }

  /** Another wish: from the next row on, with what alarms have raised forgotten. What is open stays so as it was opened. */
  wish(alarmsPerWeek: number): void {
    const baseSeconds = alarmSeconds(alarmsPerWeek);
    this.#controller = new RateController({ baseSeconds });
    this.#tracker.alarmAt(baseSeconds);
  }

  /**
   * One row, also one without a score; true where it is part of the machine's own anomaly.
   * `monotonic` in ms: time in which nothing is open brings the threshold down.
   */
  tick(row: TrackerTick, monotonic: number): boolean {
    const isAlarm = this.#tracker.tick(row);
    if (this.#restedAt !== undefined && !this.ofMachine()) this.#controller.quiet(monotonic - this.#restedAt);
    this.#restedAt = monotonic;
    return isAlarm;
  }

  /** What is found of single processes now, after each scan. */
  findings(findings: readonly ProcessFinding[], at: number, phase: LearningPhase): void {
    this.#tracker.findings(findings, at, phase);
  }

  /** What is open now, the machine's own first. */
  open(): readonly Anomaly[] {
    return this.#tracker.open();
  }

  /** The machine's own open anomaly. */
  ofMachine(): Anomaly | undefined {
    return this.#tracker.open().find(({ kind }) => kind === 'machine');
  }

  /** Closes what is open, at the end of the program or for anomalies that an earlier run left open. */
  close(at: number, left?: readonly Anomaly[]): void {
    this.#tracker.close(at, left);
  }

  /** While one is open, what opened it remains enough. Who wishes for more than one a day gets what is commoner as LOW. */
  #severity(returnPeriodSeconds: number): Severity | undefined {
    const isRare = returnPeriodSeconds >= this.#threshold();
    return isRare || this.ofMachine()
      ? (severityOf(returnPeriodSeconds) ?? (isRare ? 'LOW' : undefined))
      : undefined;
  }

  /** A model of minutes calls nothing rarer than its reach: a threshold beyond that would deafen it. */
  #threshold(): number {
    return Math.min(this.#controller.threshold(), this.#reach());
  }

  /** An anomaly that is told again, as it changed, is no new one. */
  #count(id: string): void {
    if (this.#alarmed === id) return;
    this.#alarmed = id;
    this.#controller.alarmed();
    this.#onAlarm();
  }
}
