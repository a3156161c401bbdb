import type { Severity } from './anomaly.ts';

/**
 * up: it is heard. silent: nothing was heard for too long, and it did not say that it stops. stopped: it said that it stops, on purpose.
 * never: it has a certificate and was never heard. revoked: it is let in no longer.
 */
export type HostState = 'up' | 'silent' | 'stopped' | 'never' | 'revoked';

/** A host of the hub: one line of `GET /api/v1/hosts`. What is left out the host did not say. */
export interface HostSummary {
  /** The name in its certificate. */
  readonly name: string;
  readonly state: HostState;
  /** Since when it is in that state, ms since the epoch by the hub's clock. */
  readonly since?: number;
  readonly firstSeenAt?: number;
  /** When the hub last heard of it. */
  readonly seenAt?: number;
  readonly os?: string;
  readonly osVersion?: string;
  readonly version?: string;
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
  /** How unusual it finds itself: -log10 of the probability of such a score. */
  readonly score?: { readonly at: number; readonly value: number };
  readonly openAnomalies: number;
  /** Of those that are open. */
  readonly worst?: Severity;
  /** Whether it sees all that it should. */
  readonly healthy?: boolean;
}

/** The answer of `GET /api/v1/hosts`. */
export interface HostsAnswer {
  /** Whether a hub answers: a single machine keeps no others. */
  readonly hub: boolean;
  readonly at: number;
  readonly hosts: readonly HostSummary[];
}

/** What a host may be called: it becomes the name of a folder. */
export const isHostName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);

/** The same for people. */
export const HOST_NAME_HELP =
  '1 to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or digit';
