import type { WallClock, Window } from './windows.ts';
import { wallClock } from './windows.ts';

/** How signals become incidents, and what of them people are told. */
export interface IncidentPolicy {
  /** An incident closes when all its signals were closed for so long, ms. */
  readonly closeAfterMs: number;
  /** What comes back within this time after it closed is the same incident, ms. */
  readonly reopenWithinMs: number;
  /** What comes back so often within an hour flaps. */
  readonly flapReturns: number;
  /** How often a grave incident is told again while it is open, ms. */
  readonly remindEveryMs: number;
  /** Whether what a model is not sure of yet is told. */
  readonly tellProvisional: boolean;
  /** What is not HIGH waits for their end, and is told together then. */
  readonly quietHours: readonly Window[];
  /** All waits for its end; what is still open then is told. */
  readonly maintenance: readonly Window[];
  readonly wallClock: WallClock;
  /** Whether a host is the one that a window names. */
  readonly isHost: (host: string, named: string) => boolean;
}

const MINUTE = 60_000;

export const DEFAULT_POLICY: IncidentPolicy = {
  closeAfterMs: 5 * MINUTE,
  reopenWithinMs: 30 * MINUTE,
  flapReturns: 4,
  remindEveryMs: 240 * MINUTE,
  tellProvisional: false,
  quietHours: [],
  maintenance: [],
  wallClock: wallClock(),
  isHost: (host, named) => host === named,
};
