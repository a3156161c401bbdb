import { TokenBucket } from '../lib/token-bucket.ts';
import type { Peer } from '../model/peer.ts';
import { type BusLimits, LIMITS, type LimitName } from './limits.ts';

/** So many clients are remembered at the most; those that have nothing open go first. */
const MAX_CLIENTS = 4096;
/** Beside its bytes a message costs about as much as so many more. */
const MESSAGE_BYTES = 256;

/** Why nothing is taken from a client now, for people, and when it is worth trying again. */
export interface Limited {
  readonly reason: string;
  readonly retryMs: number;
}

/** Who is at the other end of a connection: a client by its name, and the certificate that it showed. */
export interface Caller {
  readonly client: Client;
  readonly peer: Peer;
}

/** One client's share of the hub, over all of its connections. */
export class Client {
  readonly name: string;
  readonly limits: BusLimits;
  /** How often each limit held it back. */
  readonly limited = new Map<LimitName, number>();
  connections = 0;
  streams = 0;
  openCalls = 0;
  readonly #events: TokenBucket;
  readonly #calls: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #onLimit: (limit: LimitName) => void;
  /** Events on their way to the disk. */
  #waiting = 0;
  #uploads = 0;
  readonly #queued = new Set<() => void>();
  readonly #whenRoom = new Set<() => void>();

  constructor(name: string, limits: BusLimits, onLimit: (limit: LimitName) => void) {
    const now = performance.now();
    this.name = name;
    this.limits = limits;
    const bucket = (perSecond: number): TokenBucket =>
      new TokenBucket(perSecond, perSecond * limits.burstSeconds, now);
    this.#events = bucket(limits.eventsPerSecond);
    this.#calls = bucket(limits.callsPerSecond);
    this.#bytes = bucket(limits.bytesPerSecond);
    this.#onLimit = onLimit;
  }

  /** A limit held it back. */
  hit(limit: LimitName): void {
    this.limited.set(limit, (this.limited.get(limit) ?? 0) + 1);
    this.#onLimit(limit);
  }

  /** Why it may not have one more connection; undefined where it has it now. */
  connect(): string | undefined {
    const { connectionsAClient } = this.limits;
    if (this.connections >= connectionsAClient) {
      this.hit('connections');
      return `${this.name} has ${this.connections} connections; at most ${connectionsAClient}`;
    }
    this.connections++;
    return undefined;
  }

  /** Why not one more unary call may be open; undefined where it may. */
  tooManyCalls(): string | undefined {
    if (this.openCalls < this.limits.openCalls) return undefined;
    this.hit('open_calls');
    return `${this.name} has ${this.openCalls} calls open; at most ${this.limits.openCalls}`;
  }

  /** Whether a unary call may go on; taken from its share where it may. */
  admitCall(): Limited | undefined {
    const retryMs = this.#calls.take(1, performance.now());
    if (retryMs === 0) return undefined;
    this.hit('calls');
    return {
      retryMs,
      reason: `${this.name} makes more than ${this.limits.callsPerSecond} calls a second; batches on a stream cost less`,
    };
  }

  /** Whether so many events may go to the disk; where they may, `kept` is to be called when they are there or refused. */
  admit(events: number): Limited | undefined {
    const retryMs = this.#events.take(events, performance.now());
    if (retryMs === 0) {
      this.#waiting += events;
      return undefined;
    }
    this.hit('events');
    const { eventsPerSecond } = this.limits;
    return { retryMs, reason: `${this.name} sends more than ${eventsPerSecond} events a second` };
  }

  kept(events: number): void {
    this.#waiting -= events;
    if (this.isFull()) return;
    for (const waiting of this.#whenRoom) waiting();
    this.#whenRoom.clear();
  }

  /** As many events of it wait for the disk as may. */
  isFull(): boolean {
    return this.#waiting >= this.limits.waitingEvents;
  }

  /** Calls `go` once when it is no longer full. */
  whenRoom(go: () => void): void {
    this.#whenRoom.add(go);
  }

  /** A message of so many bytes was read. */
  received(bytes: number): void {
    this.#bytes.charge(bytes + MESSAGE_BYTES, performance.now());
  }

  /** In how many ms its next message may be read; 0 where it may now. */
  readWaitMs(): number {
    const wait = this.#bytes.debtMs(performance.now());
    if (wait > 0) this.hit('bytes');
    return wait;
  }

  /** Calls `begin` when another unary message may be read; what is returned ends that, or the waiting for it. */
  upload(begin: () => void): () => void {
    let begun = false;
    const run = (): void => {
      begun = true;
      this.#uploads++;
      begin();
    };
    if (this.#uploads < this.limits.uploads) run();
    else this.#queued.add(run);
    return () => {
      this.#queued.delete(run);
      if (!begun) return;
      begun = false;
      this.#uploads--;
      const [next] = this.#queued;
      if (!next) return;
      this.#queued.delete(next);
      next();
    };
  }

  /** Nothing of it is open, and forgetting it would give it nothing that it has not. */
  isIdle(): boolean {
    const now = performance.now();
    return (
      this.connections === 0 &&
      this.#waiting === 0 &&
      [this.#events, this.#calls, this.#bytes].every((bucket) => bucket.isFull(now))
    );
  }
}

/** A client that was held back, and how often by which limit. */
export interface LimitedClient {
  readonly client: string;
  readonly limits: Readonly<Partial<Record<LimitName, number>>>;
}

/** The clients by name. */
export class Clients {
  readonly #limits: BusLimits;
  readonly #clients = new Map<string, Client>();
  readonly #limited = new Map<LimitName, number>(LIMITS.map((limit) => [limit, 0]));

  constructor(limits: BusLimits) {
    this.#limits = limits;
  }

  get(name: string): Client {
    const known = this.#clients.get(name);
    if (known) return known;
    if (this.#clients.size >= MAX_CLIENTS) this.#forget();
    const client = new Client(name, this.#limits, (limit) =>
      this.#limited.set(limit, this.#limited.get(limit)! + 1),
    );
    this.#clients.set(name, client);
    return client;
  }

  /** How often each limit held anybody back. */
  limited(): ReadonlyMap<LimitName, number> {
    return this.#limited;
  }

  /** Those that were held back most often first, `count` of them. */
  mostLimited(count: number): LimitedClient[] {
    const sum = ({ limited }: Client): number => [...limited.values()].reduce((a, b) => a + b, 0);
    return [...this.#clients.values()]
      .filter(({ limited }) => limited.size > 0)
      .sort((a, b) => sum(b) - sum(a))
      .slice(0, count)
      .map(({ name, limited }) => ({ client: name, limits: Object.fromEntries(limited) }));
  }

  /** The one that came first of those with nothing open. Where all have something open, their connections bound them. */
  #forget(): void {
    for (const [name, client] of this.#clients) {
      if (!client.isIdle()) continue;
      this.#clients.delete(name);
      return;
    }
  }
}
