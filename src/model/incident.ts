import type { BrokenMetric, Culprit, Severity } from './anomaly.ts';

/** What can open an incident or join one. threshold: a line that a person drew was crossed; forecast: something runs full soon. */
export type SignalKind = 'machine' | 'process' | 'silence' | 'peers' | 'threshold' | 'forecast';

/**
 * What is told of something that should be looked at, from its beginning to its end: an `Anomaly` is one, a `Breach` is one. The last
 * one of an id is the whole truth.
 */
export interface Signal {
  /** Deterministic: the same history gives the same id. */
  readonly id: string;
  readonly host: string;
  readonly state: 'open' | 'closed';
  readonly kind: SignalKind;
  readonly severity: Severity;
  /** What is behind it had not seen enough yet. */
  readonly provisional: boolean;
  /** First row of it, when it was raised, and its end; ms since the epoch. */
  readonly since: number;
  readonly raisedAt: number;
  readonly closedAt?: number;
  readonly metrics: readonly BrokenMetric[];
  readonly culprits: readonly Culprit[];
  /** What, since when, how much, who: one sentence. */
  readonly sentence: string;
}

/** A signal as an incident keeps it. */
export type IncidentSignal = Pick<
  Signal,
  'id' | 'kind' | 'severity' | 'since' | 'raisedAt' | 'closedAt' | 'sentence'
>;

/** Why somebody was told of an incident, or was not. */
export interface Decision {
  /** ms since the epoch. */
  readonly at: number;
  readonly what: 'opened' | 'risen' | 'reminder' | 'closed';
  readonly told: boolean;
  /** For a person: `quiet hours until 07:00`, `a model that has not seen enough`, `told by slack`. */
  readonly why: string;
}

/** What belongs together by cause and time, as one thing for a person to act on. The last one of an id is the whole truth. */
export interface Incident {
  readonly schema: 1;
  /** Deterministic: of the host and the first signal. */
  readonly id: string;
  readonly host: string;
  readonly state: 'open' | 'closed';
  readonly severity: Severity;
  readonly provisional: boolean;
  /** Of the signal that weighs most. */
  readonly kind: SignalKind;
  /** What its signals have in common: `process /usr/bin/node server.js`, `filesystem /var`, `host silent`. Hostile text. */
  readonly cause: string;
  /** The sentence of the signal that weighs most. */
  readonly sentence: string;
  /** First row of the first signal; ms since the epoch, as all times here. */
  readonly since: number;
  readonly openedAt: number;
  readonly updatedAt: number;
  readonly closedAt?: number;
  /** How often it closed and came back. */
  readonly returns: number;
  /** It comes and goes: its changes are not told one by one. */
  readonly flapping: boolean;
  /** Oldest first, the latest 50. */
  readonly signals: readonly IncidentSignal[];
  readonly metrics: readonly BrokenMetric[];
  readonly culprits: readonly Culprit[];
  /** Oldest first, the latest 50. */
  readonly decisions: readonly Decision[];
  /** Why it is usual, where it is: work of a season, or what a person said. */
  readonly expected?: string;
  /** What a person said of it, or of others like it that they called normal. */
  readonly verdict?: 'normal' | 'confirmed';
  /** A person looks after it: nobody is reminded of it. */
  readonly acknowledged?: true;
}

/** What a person is told about an incident. */
export interface Notice {
  readonly what: Decision['what'];
  readonly at: number;
  readonly incident: Incident;
  /** One of several that were held back until now: to be told in one message. */
  readonly together?: true;
}
