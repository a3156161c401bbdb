import { createServer, type Server, type Socket } from 'node:net';
import { errorCode, errorMessage, UserError } from './errors.ts';
import { networkOf } from './network-address.ts';
import { TokenBucket } from './token-bucket.ts';

/** Networks whose new connections are counted; the one that was seen first is forgotten. */
const MAX_NETWORKS = 4096;
const SWEEP_MS = 500;
const BACKLOG = 4096;

export interface ConnectionLimits {
  /** All connections, and those of them that nobody known has claimed yet. */
  readonly connections: number;
  readonly pending: number;
  /** So soon a new connection must have been claimed, ms. */
  readonly pendingMs: number;
  /** New connections a second from one network on average, and at once after a pause: a handshake is most of what they cost. */
  readonly connectsPerSecond: number;
  readonly connectsBurst: number;
}

/** Why a connection was not taken, or ended before its first call. */
export type ConnectionRefusal = 'total' | 'address_rate' | 'pending' | 'no_call';

interface Connection<Owner> {
  readonly socket: Socket;
  /** The peer's address and port, as gRPC names it. */
  readonly peer: string;
  readonly network: string;
  readonly since: number;
  owner: Owner | undefined;
}

/**
 * Takes connections and hands them on for their handshake, within bounds: before a client is known only its address is, so its network
 * is what new connections are counted by; what is not claimed for an owner in time is ended.
 */
export class Connections<Owner> {
  readonly refused: Record<ConnectionRefusal, number> = { total: 0, address_rate: 0, pending: 0, no_call: 0 };
  readonly #limits: ConnectionLimits;
  readonly #server: Server;
  /** By peer. */
  readonly #open = new Map<string, Connection<Owner>>();
  /** Those without an owner yet, in the order in which they came. */
  readonly #pending = new Set<Connection<Owner>>();
  readonly #arrivals = new Map<string, TokenBucket>();
  #sweep: NodeJS.Timeout | undefined;

  /** `handOn` gets each connection that is taken. */
  constructor(limits: ConnectionLimits, handOn: (socket: Socket) => void) {
    this.#limits = limits;
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#take(socket)) handOn(socket);
    });
  }

  /**
   * Listens there; the port, which is any free one where it was 0. Throws UserError where the address is in use or not to be had:
   * `what` cannot be done there, and `option` names another port.
   */
  async listen(host: string, port: number, what: string, option: string): Promise<number> {
    try {
      return await this.#bind(host, port);
    } catch (error) {
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      throw new UserError(
        `${what} on ${address} (${errorCode(error) ?? errorMessage(error)}): end what uses it, or choose another port with ${option}`,
      );
    }
  }

  #bind(host: string, port: number): Promise<number> {
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

  /** Whose connection this is, once it was claimed. */
  ownerOf(peer: string): Owner | undefined {
    return this.#open.get(peer)?.owner;
  }

  /** It is open and nobody's yet. */
  isPending(peer: string): boolean {
    const connection = this.#open.get(peer);
    return connection !== undefined && connection.owner === undefined;
  }

  /** A pending connection is this one's from now on; `ended` is called when it is over. */
  claim(peer: string, owner: Owner, ended: () => void): void {
    const connection = this.#open.get(peer);
    if (!connection) return;
    connection.owner = owner;
    this.#pending.delete(connection);
    connection.socket.once('close', ended);
  }

  /** Ends it with all that is on it. */
  end(peer: string): void {
    this.#open.get(peer)?.socket.destroy();
  }

  /** Takes no more and ends those that are open. */
  close(): void {
    this.stopListening();
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #take(socket: Socket): boolean {
    // It may be gone at once; without a listener an error would end the process.
    socket.on('error', () => {});
    const address = socket.remoteAddress;
    const network = address === undefined ? '' : networkOf(address);
    const refusal = address === undefined ? 'total' : this.#refusal(network);
    if (address === undefined || refusal) {
      if (refusal) this.refused[refusal]++;
      socket.resetAndDestroy();
      return false;
    }
    if (this.#pending.size >= this.#limits.pending) this.#makeRoom();
    const peer = `${address}:${socket.remotePort}`;
    const connection = { socket, peer, network, since: performance.now(), owner: undefined };
    this.#open.set(peer, connection);
    this.#pending.add(connection);
    socket.once('close', () => this.#forget(connection));
    return true;
  }

  #refusal(network: string): ConnectionRefusal | undefined {
    if (this.#open.size >= this.#limits.connections) return 'total';
    const now = performance.now();
    let bucket = this.#arrivals.get(network);
    if (!bucket) {
      const [oldest] = this.#arrivals.keys();
      if (this.#arrivals.size >= MAX_NETWORKS && oldest !== undefined) this.#arrivals.delete(oldest);
      bucket = new TokenBucket(this.#limits.connectsPerSecond, this.#limits.connectsBurst, now);
      this.#arrivals.set(network, bucket);
    }
    return bucket.take(1, now) > 0 ? 'address_rate' : undefined;
  }

  /** Whichever network has most of the places that are taken gives back its oldest: a flood from one ends itself. */
  #makeRoom(): void {
    const counts = new Map<string, number>();
    for (const { network } of this.#pending) counts.set(network, (counts.get(network) ?? 0) + 1);
    let most = '';
    for (const [network, count] of counts) if (count > (counts.get(most) ?? 0)) most = network;
    for (const connection of this.#pending) {
      if (connection.network !== most) continue;
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

  #drop(connection: Connection<Owner>, why: ConnectionRefusal): void {
    this.refused[why]++;
    // Its descriptor is free at once, though 'close' comes only when all that has arrived by now was taken.
    this.#forget(connection);
    connection.socket.destroy();
  }

  #forget(connection: Connection<Owner>): void {
    this.#pending.delete(connection);
    // Another connection from the same port may have its place by now.
    if (this.#open.get(connection.peer) === connection) this.#open.delete(connection.peer);
  }
}
