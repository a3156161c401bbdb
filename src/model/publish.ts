import type { BreakerState } from '../lib/circuit-breaker.ts';

/**
 * What an agent publishes, the least important first: when its outbox is full, the oldest of the least important goes.
 * metrics: values of an interval; snapshots: processes as they are; processes: starts, ends and changes; coverage: what is not seen;
 * findings: anomalies, and who sends.
 */
export const EVENT_CLASSES = ['metrics', 'snapshots', 'processes', 'coverage', 'findings'] as const;
export type EventClass = (typeof EVENT_CLASSES)[number];

/** For so long at the most an agent's circuit breaker is open, ms, and up to half as long again by chance. */
export const BREAKER_LONGEST_MS = 60_000;
/** A hub that has answered nothing to a try by then is none, ms. */
export const ANSWER_WITHIN_MS = 15_000;
/** An agent that can reach its hub has reached it by then, however long it could not before, ms. */
export const BACK_WITHIN_MS = 1.5 * BREAKER_LONGEST_MS + ANSWER_WITHIN_MS;

/** How publishing does: part of the status of `homeostat agent`. Times in ms since the epoch. */
export interface PublishStatus {
  /** Where the hub takes events: `10.0.0.5:50051`. */
  readonly hub: string;
  /** This host's name at the hub. */
  readonly name: string;
  /** waiting: for the next try. */
  readonly state: 'connected' | 'connecting' | 'waiting';
  /** Since when it is connected, or is not. */
  readonly since: number;
  /** Why it is not connected, or why what was sent is not taken; undefined while all is well. */
  readonly problem: string | undefined;
  /** When it is tried again. */
  readonly nextTryAt: number | undefined;
  readonly breaker: BreakerState;
  /** What is not acknowledged yet, and the bound of the outbox's file, bytes. */
  readonly waiting: { readonly events: number; readonly bytes: number; readonly maxBytes: number };
  /** Since the start: events that the hub acknowledged, and bytes of all batches, those sent again too, before compression. */
  readonly sent: { readonly events: number; readonly bytes: number };
  readonly lastAcknowledgedAt: number | undefined;
  /** Events that the hub will never take, and why the last one. */
  readonly rejected: number;
  readonly lastRejection: string | undefined;
  /** Events dropped at the bound since the outbox was made. */
  readonly dropped: Readonly<Partial<Record<EventClass, number>>>;
  /** Why the outbox cannot be written. */
  readonly outboxProblem: string | undefined;
  readonly certificateEndsAt: number;
  /** Why the certificate is refused or cannot be renewed, or how far the clocks differ; one line for people. */
  readonly certificateProblem?: string | undefined;
}
