import { Incidents } from '../alert/incidents/incidents.ts';
import { Knowledge } from '../alert/incidents/knowledge.ts';
import type { IncidentPolicy } from '../alert/incidents/policy.ts';
import { Limits } from '../limits/limits.ts';
import type { LimitSettings } from '../limits/settings.ts';
import type { Culprit } from '../model/anomaly.ts';
import type { Feedback } from '../model/feedback.ts';
import type { History } from '../model/history.ts';
import type { Incident, Signal } from '../model/incident.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { type Metric, parseSeriesKey, type Tick } from '../model/metric.ts';
import type { Score } from '../model/score.ts';
import { Settling } from '../model/settling.ts';
import { MachineAlarms } from './machine-alarms.ts';
import { MachineScorer } from './machine-scorer.ts';

/** ms since the epoch, inclusive and exclusive. */
export interface ReplayPeriod {
  readonly from: number;
  readonly to: number;
}

/** What makes incidents of a history. */
export interface ReplaySide {
  readonly policy: IncidentPolicy;
  readonly feedback: readonly Feedback[];
  /** Incidents that were over before: they make seasons. */
  readonly before: readonly Incident[];
  /** What raises alarms on the rows; undefined: there are none, what was found is taken as it was. */
  readonly alarms?: ReplayAlarms;
}

export interface ReplayAlarms {
  readonly scorer: ReplayScorer;
  readonly alarmsPerWeek: number;
  /** The lines that people drew. */
  readonly limits: LimitSettings;
  readonly host: string;
  /** Who did it, by what was recorded: processes are not kept by the second. */
  readonly culprits: (from: number, to: number) => readonly Culprit[];
  /** What came before `from`, the first row: what can run full is known from it. */
  readonly history: Pick<History, 'series' | 'query'>;
  readonly from: number;
}

const SCORE = 'homeostat.score';
const HOUR = 3_600_000;
/** After so long without a score nothing was scored anyway: it was no training. */
const LONGEST_TRAINING_MS = 10 * 60_000;
/** Culprits were found a while before or after. */
const AROUND_MS = 120_000;

/** Scores the rows of a history by one model, as the daemon does. */
export class ReplayScorer {
  readonly phase: MachineModel['phase'];
  readonly #scorer = new MachineScorer();
  readonly #settling = new Settling();
  #scoredAt = Number.NEGATIVE_INFINITY;

  /** `from`: the first row. Throws where the model cannot be used. */
  constructor(model: MachineModel, history: History, from: number) {
    this.phase = model.phase;
    this.#scorer.use(model, history, from);
  }

  /** Undefined for what says too little, and for rows of a start or of a training, which are no news and had no score then either. */
  score({ tick, wasScored }: HistoryRow): Score | undefined {
    if (wasScored) this.#scoredAt = tick.at;
    const ofTraining = !wasScored && tick.at - this.#scoredAt < LONGEST_TRAINING_MS;
    return this.#settling.observe(tick.at) || ofTraining ? undefined : this.#scorer.score(tick);
  }

  reach(): number {
    return this.#scorer.reach();
  }
}

/** One way to make incidents of a history that is played to it: the daemon's own code, without a machine. */
export class ReplayedSide {
  readonly scorer: ReplayScorer | undefined;
  readonly #incidents: Incidents;
  readonly #made = new Map<string, Incident>();
  readonly #alarms: MachineAlarms | undefined;
  readonly #limits: Limits | undefined;
  #at = 0;

  constructor({ policy, feedback, before, alarms }: ReplaySide) {
    const knowledge = new Knowledge(policy.wallClock, () => feedback);
    for (const incident of before) knowledge.observe(incident);
    this.#incidents = new Incidents({
      policy,
      onChange: ({ incident }) => {
        this.#made.set(incident.id, incident);
        if (incident.state === 'closed') knowledge.observe(incident);
      },
      annotate: (incident, at) => knowledge.annotate(incident, at),
      notify: () => {},
    });
    this.scorer = alarms?.scorer;
    this.#alarms = alarms && this.#alarmsOf(alarms);
    this.#limits = alarms && this.#limitsOf(alarms);
    if (alarms) this.#limits?.start(alarms.history, [], alarms.from);
  }

  #alarmsOf({ scorer, alarmsPerWeek, host, culprits }: ReplayAlarms): MachineAlarms {
    return new MachineAlarms({
      ...{ host, stepSeconds: 1, alarmsPerWeek, reach: () => scorer.reach() },
      culprits: {
        baseline: (since) => since,
        attribute: (since) => culprits(Number(since) - AROUND_MS, this.#at + AROUND_MS),
      },
      onAnomaly: (anomaly) => this.#incidents.signal(anomaly, this.#at),
    });
  }

  #limitsOf({ host, limits: settings, culprits }: ReplayAlarms): Limits {
    return new Limits({
      ...{ host, settings },
      culprits: (_, since) => ({
        culprits: culprits(since - AROUND_MS, this.#at + AROUND_MS),
        of: 'the change',
      }),
      onBreach: (breach) => this.#incidents.signal(breach, this.#at),
    });
  }

  /** `score`: what its scorer gave the row. */
  tick(tick: Tick, score: Score | undefined): void {
    const { at } = tick;
    this.#at = at;
    this.#limits?.tick(tick);
    if (this.scorer) this.#alarms?.tick({ at, score, phase: this.scorer.phase }, at);
    this.#incidents.look(at);
  }

  signal(signal: Signal, at: number): void {
    this.#at = at;
    this.#incidents.signal(signal, at);
  }

  /** Time passes without a row. */
  look(at: number): void {
    this.#incidents.look(at);
  }

  /** All that were made, oldest first. */
  incidents(): readonly Incident[] {
    return [...this.#made.values()].sort((one, other) => one.since - other.since);
  }
}

/** A signal as it was told at a time. */
export interface TimedSignal {
  readonly at: number;
  readonly signal: Signal;
}

/** Signals that were raised in a period, as they came: each when it was raised and when it closed. Between, only its last state is known. */
export function timedSignals(signals: readonly Signal[], { from, to }: ReplayPeriod): readonly TimedSignal[] {
  return signals
    .filter(({ raisedAt }) => raisedAt >= from)
    .flatMap((signal): TimedSignal[] => {
      const { closedAt, ...rest } = signal;
      const opened = { at: signal.raisedAt, signal: { ...rest, state: 'open' as const } };
      return closedAt === undefined
        ? [opened]
        : [opened, { at: Math.max(closedAt, signal.raisedAt), signal }];
    })
    .filter(({ at }) => at < to)
    .sort((one, other) => one.at - other.at);
}

/** A row of a history. */
export interface HistoryRow {
  readonly tick: Tick;
  readonly wasScored: boolean;
}

/** The rows of a history by the second, in the order of time; an hour at a time is held in memory. */
export function* historyRows(
  history: Pick<History, 'query'>,
  keys: readonly string[],
  { from, to }: ReplayPeriod,
): Generator<HistoryRow> {
  const metrics = [...new Set([...keys, SCORE])];
  for (let begin = from; begin < to; begin += HOUR) {
    const end = Math.min(to, begin + HOUR);
    const rows = new Map<number, Metric[]>();
    const scored = new Set<number>();
    const answer = history.query({ metrics, from: begin, to: end, resolution: 1, maxPoints: HOUR / 1000 });
    for (const { metric, at, mean } of answer.frames) {
      const series = parseSeriesKey(metric);
      for (const [place, moment] of at.entries()) {
        if (metric === SCORE) scored.add(moment);
        if (!series || Number.isNaN(mean[place]!)) continue;
        const row = rows.get(moment);
        if (row) row.push({ series, value: mean[place]! });
        else rows.set(moment, [{ series, value: mean[place]! }]);
      }
    }
    for (const at of [...rows.keys()].sort((one, other) => one - other))
      yield { tick: { at, metrics: rows.get(at)! }, wasScored: scored.has(at) };
  }
}
