/** How the bus does: the answer of the hub's `GET /api/v1/bus` and of `homeostat bus status --json`. */
export interface BusStatus {
  readonly version: string;
  /** Where clients publish: `127.0.0.1:50051`. */
  readonly address: string;
  /** Where hosts enrol. */
  readonly enrolment: string;
  /** Requests to enrol since the start, by how they ended; `heldBack`: of addresses with too many failed attempts. */
  readonly enrolments: {
    readonly enrolled: number;
    readonly refused: number;
    readonly heldBack: number;
    readonly connectionsRefused: number;
  };
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly at: number;
  /** Publishes since the start by how they ended; `ok` counts duplicates too. */
  readonly published: {
    readonly ok: number;
    readonly retry: number;
    readonly overload: number;
    /** Over what one client may send. */
    readonly limited: number;
    readonly failed: number;
    readonly invalid: number;
    /** Of clients that are not let in. */
    readonly denied: number;
  };
  /** When each client was heard of last since the start, ms since the epoch, by name. */
  readonly lastSeen: Readonly<Record<string, number>>;
  readonly duplicates: number;
  /** Whether envelopes must be signed, and how many were denied because they were not. */
  readonly signaturesRequired: boolean;
  readonly unsigned: number;
  readonly inFlight: number;
  readonly connections: {
    readonly open: number;
    /** Of them those from which no call of a known client has come yet. */
    readonly pending: number;
    readonly streams: number;
    /** Connections that were not taken or were ended before their first call, by the reason. */
    readonly refused: Readonly<Record<string, number>>;
  };
  /** Clients that were held back since the start, and how often by which limit: those held back most, at most 20. */
  readonly limitedClients: readonly {
    readonly client: string;
    readonly limits: Readonly<Record<string, number>>;
  }[];
  readonly log: {
    readonly path: string;
    readonly records: number;
    readonly fileBytes: number;
    readonly maxBytes: number;
    /** Records removed at the bound since the log was made. */
    readonly dropped: number;
    /** Who holds most of it: about, bytes. */
    readonly largest: readonly { readonly client: string; readonly bytes: number }[];
    /** Records since the start whose key another client had used before: each is kept. And the last of them: `holder` had it first. */
    readonly sharedKeys: {
      readonly count: number;
      readonly last: { readonly key: string; readonly source: string; readonly holder: string } | undefined;
    };
    /** Records that wait for the disk now, and how many a second it takes. */
    readonly waiting: number;
    readonly recordsPerSecond: number;
    /** Why it cannot be written now. */
    readonly problem: string | undefined;
  };
  readonly self: { readonly pid: number; readonly rss: number };
}
