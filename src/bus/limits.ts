import type { ConnectionLimits } from '../lib/connections.ts';

/** What a client may cost the others. A client is the name in a certificate, however many connections it has. */
export interface BusLimits extends ConnectionLimits {
  /** Events a second that a client may send on average. More is to be sent again. */
  readonly eventsPerSecond: number;
  /** The same for unary calls, which cost the hub more than the event that each of them brings. */
  readonly callsPerSecond: number;
  /** The same for bytes. Nothing is refused for them: they are read later. */
  readonly bytesPerSecond: number;
  /** After a pause it may send as much at once as in so many seconds. */
  readonly burstSeconds: number;
  /** When so many events of a client wait for the disk, nothing is read from its streams: each commit is shared by all, and so is the queue. */
  readonly waitingEvents: number;
  /** Streams that a client may have open: enough for a connection that is gone and not yet noticed. */
  readonly streams: number;
  readonly connectionsAClient: number;
  /** Unary calls that a client may have open, over all of its connections: each holds up to 64 KiB that are not read yet. */
  readonly openCalls: number;
  /** Unary messages of a client that are read at a time: each may grow to the largest message in memory. */
  readonly uploads: number;
  /** A unary message must be here so soon after its call, ms. */
  readonly uploadMs: number;
  /** A stream whose client reads no answer for so long is ended with its connection, ms. */
  readonly slowReaderMs: number;
  /** So often a quiet connection is asked whether it is still there, ms, and for so long the answer is awaited. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** A host with 1000 processes and metrics each 10 s sends about a hundred events a second; one that was away for days sends them all at once. */
export const DEFAULT_LIMITS: BusLimits = {
  eventsPerSecond: 20_000,
  callsPerSecond: 1500,
  bytesPerSecond: 8 * 2 ** 20,
  burstSeconds: 15,
  waitingEvents: 5000,
  streams: 4,
  connectionsAClient: 64,
  openCalls: 512,
  uploads: 16,
  uploadMs: 30_000,
  slowReaderMs: 60_000,
  connections: 4096,
  pending: 512,
  pendingMs: 10_000,
  connectsPerSecond: 50,
  connectsBurst: 600,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
};

/** Why a client was held back. */
export const LIMITS = [
  'events',
  'calls',
  'bytes',
  'streams',
  'connections',
  'open_calls',
  'slow_reader',
  'slow_upload',
  'log_share',
] as const;

export type LimitName = (typeof LIMITS)[number];
