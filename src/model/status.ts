import type { AlarmRate, CountedAlarms } from './alarm-rate.ts';
import type { Severity } from './anomaly.ts';
import type { Breach } from './breach.ts';
import type { Coverage } from './coverage.ts';
import type { HostSummary } from './host.ts';
import type { LearningState } from './learning.ts';
import type { PublishStatus } from './publish.ts';

/** The answer of `GET /api/v1/status` and of `homeostat status --json`. */
export interface Status {
  readonly version: string;
  readonly host: {
    readonly name: string;
    readonly id: string;
    readonly os: string;
    readonly kernel: string;
    readonly cpus: number;
    readonly memory: number;
  };
  readonly startedAt: number;
  readonly at: number;
  readonly dataFolder: string;
  readonly intervals: { readonly metricsMs: number; readonly processesMs: number; readonly reason: string };
  readonly learning: LearningState;
  readonly score: ScoreNow | undefined;
  /** Time of the last sample, ms since the epoch. */
  readonly lastSampleAt: number | undefined;
  readonly openAnomalies: number;
  readonly openIncidents: number;
  /** Breaches of limits and forecasts that are open, those of limits first. */
  readonly limits: { readonly open: readonly Breach[] };
  readonly alarms: AlarmState;
  readonly coverage: Coverage;
  readonly store: {
    readonly bytes: number;
    readonly capBytes: number;
    readonly series: number;
    readonly oldestAt: number | undefined;
  };
  /** Left out where nothing is published. */
  readonly publish?: PublishStatus;
  /** Left out where nothing is sent by OTLP. */
  readonly otlp?: OtlpStatus;
  /** The daemon's own cost. */
  readonly self: { readonly pid: number; readonly rss: number; readonly cpu: number | undefined };
}

type Untold = 'version' | 'startedAt' | 'learning' | 'alarms' | 'coverage' | 'self' | 'intervals';

/** The same of a host of a hub: what the hub was not told is left out. */
export interface ToldStatus extends Omit<Status, Untold | 'host'>, Partial<Pick<Status, Untold>> {
  readonly host: Pick<Status['host'], 'name' | 'id'> & Partial<Status['host']>;
  /** Whether the hub hears it, by the hub's clock. */
  readonly presence?: Pick<HostSummary, 'state' | 'since' | 'seenAt'> & {
    /** It is usually heard each so many ms. */
    readonly everyMs: number;
  };
}

/** How sending to an OTLP endpoint does; since the start. */
export interface OtlpStatus {
  readonly endpoint: string;
  /** Reports of an interval each. */
  readonly metrics: ExportFigures;
  /** Anomalies and incidents. */
  readonly findings: ExportFigures;
  /** Why the endpoint does not take what is sent now. */
  readonly problem: string | undefined;
}

/** What an endpoint took since the start, and what waits for it. */
export interface ExportFigures {
  readonly sent: number;
  readonly waiting: number;
}

/** How often it alarms: wished, promised and measured. */
export interface AlarmState {
  readonly wishedPerWeek: number;
  /** What the model that scores promises; undefined before there is one. */
  readonly model: AlarmRate | undefined;
  /** In use: since that model began to score, and in the last four weeks, whichever models scored. */
  readonly sinceModel: CountedAlarms;
  readonly lately: CountedAlarms;
}

export interface ScoreNow {
  readonly at: number;
  /** -log10 of the probability of such a score; 0 is the most usual. */
  readonly value: number;
  readonly severity: Severity | undefined;
  /** Left out by a hub, which is not told. */
  readonly returnPeriodSeconds?: number;
  /** The `value` from which each severity begins at this moment; left out before there is a model. */
  readonly thresholds?: Readonly<Record<Severity, number>>;
  /** Each detector's own share of the opinion, -log10 p. */
  readonly detectors?: Readonly<Record<string, number>>;
}
