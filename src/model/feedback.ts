import type { Severity } from './anomaly.ts';
import type { SignalKind } from './incident.ts';

/** What a person said of an incident. */
export interface Feedback {
  readonly id: string;
  /**
   * normal: others like it are not told any more; confirmed: it was real, and teaches nothing however long it lasts; acknowledged: somebody
   * looks after it, so nobody is reminded of it.
   */
  readonly verdict: 'normal' | 'confirmed' | 'acknowledged';
  /** Of the incident that it was said of. */
  readonly incident: string;
  readonly host: string;
  readonly cause: string;
  readonly kinds: readonly SignalKind[];
  readonly severity: Severity;
  /** Of normal: only what begins in this hour of the week, 0 to 167 from Sunday 00:00 on a wall clock. */
  readonly hourOfWeek?: number;
  /** When it was said, and until when it holds; ms since the epoch. */
  readonly at: number;
  readonly expiresAt?: number;
  /** When it was taken back. */
  readonly undoneAt?: number;
}

/** What a person is about to say of an incident. */
export interface FeedbackWish {
  readonly verdict: Feedback['verdict'];
  /** Of normal: only what begins in the same hour of the week. */
  readonly thisHour?: boolean;
  /** ms since the epoch; left out: until it is taken back. */
  readonly expiresAt?: number;
}

/** What would have been otherwise if it had been said before, as `homeostat incident ID --normal --json` has it. */
export interface FeedbackAnswer {
  readonly feedback: Feedback;
  readonly would: {
    /** Ids of incidents that nobody would have been told of, newest first, the one in question among them. */
    readonly muted: readonly string[];
    /** Of how many of them somebody was told. */
    readonly told: number;
    /** Ids of those of them that a person confirmed as real. */
    readonly confirmed: readonly string[];
  };
  /** Whether it was said, or would have been. */
  readonly applied: boolean;
}
