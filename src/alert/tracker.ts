import { createHash } from 'node:crypto';
import type { Anomaly, BrokenMetric, Culprit, ProcessFinding, Severity } from '../model/anomaly.ts';
import type { LearningPhase } from '../model/learning.ts';
import { parseSeriesKey } from '../model/metric.ts';
import type { Contribution, Score } from '../model/score.ts';
import { SEVERITY_SECONDS } from '../model/severity.ts';
import { type Pace, paceOf } from './pace.ts';
import { machineSentence } from './sentence.ts';

/** How the tracker finds out who did it; `Baseline` is opaque to it. */
export interface CulpritFinder<Baseline> {
  baseline(since: number): Baseline;
  attribute(baseline: Baseline, metrics: readonly BrokenMetric[]): readonly Culprit[];
}

export interface AnomalyTrackerOptions<Baseline> {
  readonly host: string;
  /** Severity of a score that is expected once in that many seconds; undefined: usual. */
  readonly severityOf: (returnPeriodSeconds: number) => Severity | undefined;
  readonly culprits: CulpritFinder<Baseline>;
  /** Called with each anomaly as it opened, changed its severity or culprits, or closed. */
  readonly onAnomaly: (anomaly: Anomaly) => void;
  /** Seconds from row to row; 1 where it is left out. */
  readonly stepSeconds?: number;
  /** Culprits are sought again this often while it is open, ms. */
  readonly updateMs?: number;
  /** How rare a score must be to open one, seconds; once a day where it is left out. */
  readonly alarmSeconds?: number;
}

export interface TrackerTick {
  readonly at: number;
  /** Undefined: the row could not be scored. It counts neither as unusual nor as quiet. */
  readonly score: Score | undefined;
  readonly phase: LearningPhase;
}

interface OpenMachine<Baseline> {
  anomaly: Anomaly;
  baseline: Baseline;
  lastUnusualAt: number;
  quietMs: number;
  updatedAt: number;
}

const MAX_METRICS = 8;
const RANK: Readonly<Record<Severity, number>> = { LOW: 1, MEDIUM: 2, HIGH: 3 };

/** Scores and findings of single processes -> anomalies with a beginning, a severity, culprits and an end. */
export class AnomalyTracker<Baseline = unknown> {
  readonly #options: Required<AnomalyTrackerOptions<Baseline>>;
  #pace: Pace;
  #open: OpenMachine<Baseline> | undefined;
  readonly #found = new Map<string, Anomaly>();
  /** Times of the latest rows that had a severity, as many as the pace asks for. */
  #severe: boolean[] = [];
  #unusualSince: number | undefined;
  #lastUnusualAt = 0;
  #lastAt: number | undefined;

  constructor(options: AnomalyTrackerOptions<Baseline>) {
    this.#options = {
      stepSeconds: 1,
      updateMs: 15_000,
      alarmSeconds: SEVERITY_SECONDS.LOW,
      ...options,
    };
    this.#pace = paceOf(this.#options.stepSeconds, this.#options.alarmSeconds);
  }

  /** How rare a score must be to alarm from now on, seconds. */
  alarmAt(seconds: number): void {
    this.#pace = paceOf(this.#options.stepSeconds, seconds);
  }

  /**
   * One row of metrics; call it for rows without a score too. True where the row opened the machine's own anomaly or kept
   * it open; false while an open one is quiet.
   */
  tick({ at, score, phase }: TrackerTick): boolean {
    const passed = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    const { longestStepMs } = this.#pace;
    if (passed < 0 || passed > longestStepMs) this.#startOver();
    if (!score || phase === 'collecting') return false;
    const severity = this.#options.severityOf(score.returnPeriodSeconds);
    this.#remember(at, score, severity);
    if (this.#open)
      this.#continue(this.#open, score, severity, at, Math.min(Math.max(passed, 0), longestStepMs));
    else if (severity && this.#isPersistent()) this.#begin(score, severity, at, phase);
    return this.#open?.lastUnusualAt === at;
  }

  /** What is found of single processes now, after each scan; what was found and is not any more is closed. */
  findings(findings: readonly ProcessFinding[], at: number, phase: LearningPhase): void {
    const now = new Set(findings.map(keyOf));
    for (const [key, anomaly] of this.#found) {
      if (now.has(key)) continue;
      this.#found.delete(key);
      this.#emit({ ...anomaly, state: 'closed', closedAt: at });
    }
    if (phase === 'collecting') return;
    for (const finding of findings) {
      const { what, culprit, since, returnPeriodSeconds } = finding;
      if (this.#found.has(keyOf(finding))) continue;
      const anomaly: Anomaly = {
        schema: 1,
        id: anomalyId(this.#options.host, what, since, culprit.id),
        host: this.#options.host,
        state: 'open',
        kind: 'process',
        finding: what,
        severity: this.#options.severityOf(returnPeriodSeconds) ?? finding.severity,
        provisional: phase !== 'calibrated',
        since,
        raisedAt: at,
        score: finding.score,
        returnPeriodSeconds,
        metrics: [],
        culprits: [culprit],
        sentence: finding.sentence,
      };
      this.#found.set(keyOf(finding), anomaly);
      this.#emit(anomaly);
    }
  }

  /** What is open now, the machine's own first. */
  open(): readonly Anomaly[] {
    return [...(this.#open ? [this.#open.anomaly] : []), ...this.#found.values()];
  }

  /** Closes what is open, at the end of the program or for anomalies that an earlier run left open. */
  close(at: number, left: readonly Anomaly[] = this.open()): void {
    for (const anomaly of left)
      this.#emit({ ...anomaly, state: 'closed', closedAt: Math.max(at, anomaly.raisedAt) });
    this.#open = undefined;
    this.#found.clear();
  }

  /** After a gap nothing is known of the time before: what was about to open does not. */
  #startOver(): void {
    this.#severe = [];
    this.#unusualSince = undefined;
  }

  #remember(at: number, score: Score, severity: Severity | undefined): void {
    this.#severe.push(severity !== undefined);
    if (this.#severe.length > this.#pace.persistence.window) this.#severe.shift();
    if (score.returnPeriodSeconds < this.#pace.unusualSeconds) return;
    if (this.#unusualSince === undefined || at - this.#lastUnusualAt > this.#pace.lullMs)
      this.#unusualSince = at;
    this.#lastUnusualAt = at;
  }

  #isPersistent(): boolean {
    return this.#severe.filter(Boolean).length >= this.#pace.persistence.rows;
  }

  #begin(score: Score, severity: Severity, at: number, phase: LearningPhase): void {
    const { host, culprits } = this.#options;
    const since = this.#unusualSince ?? at;
    const baseline = culprits.baseline(since);
    const metrics = brokenMetrics(score.explain());
    const found = culprits.attribute(baseline, metrics);
    const anomaly: Anomaly = {
      schema: 1,
      id: anomalyId(host, 'machine', since),
      host,
      state: 'open',
      kind: 'machine',
      severity,
      provisional: phase !== 'calibrated',
      since,
      raisedAt: at,
      score: score.value,
      returnPeriodSeconds: score.returnPeriodSeconds,
      metrics,
      culprits: found,
      sentence: machineSentence(metrics, found, since, at),
    };
    this.#open = { anomaly, baseline, lastUnusualAt: at, quietMs: 0, updatedAt: at };
    this.#emit(anomaly);
  }

  #continue(
    open: OpenMachine<Baseline>,
    score: Score,
    severity: Severity | undefined,
    at: number,
    passed: number,
  ): void {
    if (score.returnPeriodSeconds < this.#pace.unusualSeconds) {
      open.quietMs += passed;
      if (open.quietMs >= this.#pace.quietMs) this.#end(open);
      return;
    }
    open.quietMs = 0;
    open.lastUnusualAt = at;
    const risen = severity !== undefined && RANK[severity] > RANK[open.anomaly.severity];
    if (risen || at - open.updatedAt >= this.#interval(open, at)) this.#update(open, score, severity, at);
  }

  /** The first seconds are the poorest in evidence: a scan or two later more is known. */
  #interval(open: OpenMachine<Baseline>, at: number): number {
    const { updateMs } = this.#options;
    return at - open.anomaly.raisedAt < 2 * updateMs ? updateMs / 3 : updateMs;
  }

  #update(open: OpenMachine<Baseline>, score: Score, severity: Severity | undefined, at: number): void {
    const before = open.anomaly;
    open.updatedAt = at;
    const metrics = brokenMetrics(score.explain());
    const found = this.#options.culprits.attribute(open.baseline, metrics);
    // A weaker row than the one that was explained does not take the culprit away.
    const culprits = outweighs(found, before.culprits) ? found : before.culprits;
    const higher = score.value > before.score;
    const anomaly: Anomaly = {
      ...before,
      severity: severity && RANK[severity] > RANK[before.severity] ? severity : before.severity,
      score: Math.max(before.score, score.value),
      returnPeriodSeconds: Math.max(before.returnPeriodSeconds, score.returnPeriodSeconds),
      metrics: higher ? metrics : before.metrics,
      culprits,
      sentence: machineSentence(higher ? metrics : before.metrics, culprits, before.since, at),
    };
    open.anomaly = anomaly;
    if (anomaly.severity !== before.severity || culprits[0]?.id !== before.culprits[0]?.id)
      this.#emit(anomaly);
  }

  #end(open: OpenMachine<Baseline>): void {
    this.#open = undefined;
    this.#startOver();
    this.#emit({ ...open.anomaly, state: 'closed', closedAt: open.lastUnusualAt });
  }

  #emit(anomaly: Anomaly): void {
    this.#options.onAnomaly(anomaly);
  }
}

const keyOf = ({ what, culprit }: ProcessFinding): string => `${what} ${culprit.id}`;

/** Whether newly found culprits explain at least about as much as the known ones did. */
function outweighs(found: readonly Culprit[], known: readonly Culprit[]): boolean {
  return found.length > 0 && (found[0]?.share ?? 0) >= 0.7 * (known[0]?.share ?? 0);
}

function brokenMetrics(contributions: readonly Contribution[]): readonly BrokenMetric[] {
  return contributions
    .filter(({ share }) => share >= 0.01)
    .slice(0, MAX_METRICS)
    .map(({ metric, observed, expected, share }) => ({
      metric,
      unit: parseSeriesKey(metric)?.definition.unit ?? '',
      observed,
      expectedLow: expected.low,
      expectedHigh: expected.high,
      share,
    }));
}

function anomalyId(...facts: readonly (string | number)[]): string {
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16);
}
