import { createServer, type Server, type Socket } from 'node:net';
import { TokenBucket } from '../lib/token-bucket.ts';
import type { Caller } from './clients.ts';
import type { BusLimits } from './limits.ts';

/** Addresses whose new connections are counted; the one that was seen first is forgotten. */
const MAX_ADDRESSES = 4096;
const SWEEP_MS = 500;
const BACKLOG = 4096;

/** Why a connection was not taken, or ended before its first call. */
export type ConnectionRefusal = 'total' | 'address_rate' | 'pending' | 'no_call';

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly since: number;
  caller: Caller | undefined;
}

/**
 * Takes connections and hands them on for their handshake, within bounds: before a client is known only its address is, so that
 * is what new connections are counted by; what brings no call of a known client in time is ended.
 */
export class Connections {
  readonly refused: Record<ConnectionRefusal, number> = { total: 0, address_rate: 0, pending: 0, no_call: 0 };
  readonly #limits: BusLimits;
  readonly #server: Server;
  /** By the peer's address and port, as gRPC names it. */
  readonly #open = new Map<string, Connection>();
  /** Those without a call yet, in the order in which they came. */
  readonly #pending = new Set<Connection>();
  readonly #arrivals = new Map<string, TokenBucket>();
  #sweep: NodeJS.Timeout | undefined;

  /** `handOn` gets each connection that is taken. */
  constructor(limits: BusLimits, handOn: (socket: Socket) => void) {
    this.#limits = limits;
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#take(socket)) handOn(socket);
    });
  }

  /** Listens there; the port, which is any free one where it was 0. */
  listen(host: string, port: number): Promise<number> {
    this.#sweep = setInterval(() => this.#endLate(), SWEEP_MS).unref();
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // A flood fills the kernel's queue too; what finds no place there comes a second later.
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        // Out of file descriptors, say: those that are open go on.
        this.#server.on('error', () => {});
        const bound = this.#server.address();
        resolve(typeof bound === 'object' && bound ? bound.port : port);
      });
    });
  }

  /** Takes no more; those that are open stay. */
  stopListening(): void {
    clearInterval(this.#sweep);
    this.#server.close();
  }

  get open(): number {
    return this.#open.size;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Whose connection this is, once a call came over it. */
  callerOf(address: string): Caller | undefined {
    return this.#open.get(address)?.caller;
  }

  /** A call of this one came over it: from now on the connection is its client's. Why not, where the client has too many. */
  claim(address: string, caller: Caller): string | undefined {
    const connection = this.#open.get(address);
    if (!connection || connection.caller) return undefined;
    const { client } = caller;
    if (client.connections >= this.#limits.connectionsAClient) {
      client.hit('connections');
      return `${client.name} has ${client.connections} connections; at most ${this.#limits.connectionsAClient}`;
    }
    connection.caller = caller;
    client.connections++;
    this.#pending.delete(connection);
    return undefined;
  }

  /** Ends it with all that is on it. */
  end(address: string): void {
    this.#open.get(address)?.socket.destroy();
  }

  #take(socket: Socket): boolean {
    // It may be gone at once; without a listener an error would end the process.
    socket.on('error', () => {});
    const address = socket.remoteAddress;
    const refusal = address === undefined ? 'total' : this.#refusal(address);
    if (address === undefined || refusal) {
      if (refusal) this.refused[refusal]++;
      socket.resetAndDestroy();
      return false;
    }
    if (this.#pending.size >= this.#limits.pending) this.#makeRoom();
    const peer = `${address}:${socket.remotePort}`;
    const connection: Connection = { socket, address, since: performance.now(), caller: undefined };
    this.#open.set(peer, connection);
    this.#pending.add(connection);
    socket.once('close', () => {
      this.#pending.delete(connection);
      if (connection.caller) connection.caller.client.connections--;
      this.#open.delete(peer);
    });
    return true;
  }

  #refusal(address: string): ConnectionRefusal | undefined {
    if (this.#open.size >= this.#limits.connections) return 'total';
    const now = performance.now();
    const network = networkOf(address);
    let bucket = this.#arrivals.get(network);
    if (!bucket) {
      const [oldest] = this.#arrivals.keys();
      if (this.#arrivals.size >= MAX_ADDRESSES && oldest !== undefined) this.#arrivals.delete(oldest);
      bucket = new TokenBucket(this.#limits.connectsPerSecond, this.#limits.connectsBurst, now);
      this.#arrivals.set(network, bucket);
    }
    return bucket.take(1, now) > 0 ? 'address_rate' : undefined;
  }

  /** Whoever has most of the places that are taken gives back its oldest: a flood from one address ends itself. */
  #makeRoom(): void {
    const counts = new Map<string, number>();
    for (const { address } of this.#pending) counts.set(address, (counts.get(address) ?? 0) + 1);
    let most = '';
    for (const [address, count] of counts) if (count > (counts.get(most) ?? 0)) most = address;
    for (const connection of this.#pending) {
      if (connection.address !== most) continue;
      this.#drop(connection, 'pending');
      return;
    }
  }

  #endLate(): void {
    const late = performance.now() - this.#limits.pendingMs;
    for (const connection of this.#pending) {
      if (connection.since > late) return;
      this.#drop(connection, 'no_call');
    }
  }

  #drop(connection: Connection, why: ConnectionRefusal): void {
    this.refused[why]++;
    this.#pending.delete(connection);
    connection.socket.destroy();
  }
}

/** Of IPv6 the half that names a network: who has one has all addresses in it. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  return address.split(':').slice(0, 4).join(':');
}
