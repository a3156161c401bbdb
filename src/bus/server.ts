import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import {
  PublishAck,
  PublishAck_Status,
  UniversalAck,
  UniversalAck_Status,
} from '../../proto/generated/messaging/messaging.ts';
import type { Clock } from '../lib/clock.ts';
import { type ConnectionRefusal, Connections } from '../lib/connections.ts';
import type { Peer, Signed } from '../model/peer.ts';
import { type Caller, type Client, Clients, type Limited, type LimitedClient } from './clients.ts';
import { ENVELOPE, type EnvelopeKind, inspect, MAX_ENVELOPE_BYTES, UNIVERSAL_ENVELOPE } from './envelope.ts';
import type { EnvelopeLog, EnvelopeRefusal } from './envelope-log.ts';
import { EventStreams } from './event-stream.ts';
import { gate, refused } from './gate.ts';
import { type BusLimits, DEFAULT_LIMITS } from './limits.ts';
import { BusMetrics } from './metrics.ts';
import { splitSignature } from './signature.ts';

export interface BusOptions {
  readonly log: EnvelopeLog;
  readonly clock: Clock;
  /** Of a server that asks everybody for a certificate of its own authority. */
  readonly credentials: grpc.ServerCredentials;
  /** Why the owner of a certificate is not let in, or whose stream is to end; undefined: it may. */
  readonly refusal: (peer: Peer, open: boolean) => string | undefined;
  /** Where each envelope is to be signed: why this is no signature of the client; undefined: it is one. */
  readonly signatureRefusal?: (peer: Peer, signed: Signed) => string | undefined;
  /** Why a client may not publish on an agent's stream, whose events have no signature; undefined: it may. */
  readonly streamRefusal?: (peer: Peer) => string | undefined;
  /** Events of an agent's stream are on disk; `abouts`: those of them that are about the agent itself. */
  readonly taken?: (client: string, abouts: readonly Uint8Array[]) => void;
  /** Other calls for those who are let in to ask, by path; what rejects is a gRPC status. */
  readonly services?: Readonly<Record<string, (request: Buffer, peer: Peer) => Promise<Uint8Array>>>;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** What departs from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<BusLimits>;
}

/** gRPC refuses what is larger before it is in memory; below it the message itself is answered INVALID, with the reason. */
const MAX_RECEIVED_BYTES = 8 * MAX_ENVELOPE_BYTES;
/** Calls that one connection may have open; a client's further ones wait in the client. */
const MAX_CALLS = 100;
/** Clients that the status names. */
const NAMED_CLIENTS = 20;
/** Whoever sends more than it may waits for its answer for so long at the most: it would ask again at once otherwise, ms. */
const MAX_HOLD_MS = 1000;

// It would write to standard error by itself what it also says to its callers.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Connections of now, and those that were not taken since the start. */
export interface BusConnections {
  readonly open: number;
  readonly pending: number;
  readonly streams: number;
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
}

/** What a client is told, whichever of the two services it speaks. */
interface Answer {
  readonly status: 'ok' | 'retry' | 'overload' | 'limited' | 'failed' | 'invalid' | 'denied';
  readonly reason: string;
  readonly retryMs: number;
}

const OK: Answer = { status: 'ok', reason: '', retryMs: 0 };

/**
 * The bus: takes envelopes of clients of others and batches of agents over gRPC with mutual TLS 1.3, and says OK only when their bytes are in the log. The bytes are
 * kept as they came.
 */
export class Bus {
  readonly metrics: BusMetrics;
  readonly #options: BusOptions;
  readonly #clients: Clients;
  readonly #connections: Connections<Caller>;
  readonly #server: grpc.Server;
  readonly #streams: EventStreams;
  readonly #seen = new Map<string, number>();

  constructor(options: BusOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#options = options;
    this.#clients = new Clients(limits);
    this.#server = new grpc.Server({
      'grpc.max_receive_message_length': MAX_RECEIVED_BYTES,
      // An answer to a batch may name each of its events.
      'grpc.max_send_message_length': MAX_RECEIVED_BYTES,
      'grpc.max_concurrent_streams': MAX_CALLS,
      // A connection that is half open is found and closed.
      'grpc.keepalive_time_ms': limits.keepaliveMs,
      'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
      interceptors: [(method, call) => this.#admit(call, method.requestStream)],
    });
    const injector = this.#server.createConnectionInjector(options.credentials);
    this.#connections = new Connections(limits, (socket) => injector.injectConnection(socket));
    this.metrics = new BusMetrics(() => ({ ...this.connections(), limited: this.#clients.limited() }));
    this.#streams = new EventStreams({
      ...{ log: options.log, metrics: this.metrics },
      taken: options.taken ?? (() => {}),
    });
    this.#server.register<Buffer, Buffer>(
      '/homeostat.v1.TelemetryService/Publish',
      (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        const address = call.getPeer();
        const caller = this.#connections.ownerOf(address);
        // Without one the connection is gone.
        if (!caller) return;
        const details = this.#refusal(caller.peer) ?? options.streamRefusal?.(caller.peer);
        if (details !== undefined) call.emit('error', { code: grpc.status.PERMISSION_DENIED, details });
        else this.#streams.take(call, caller, () => this.#connections.end(address));
      },
      (answer) => answer,
      (bytes) => bytes,
      'bidi',
    );
    this.#register('/messaging.EventBus/Publish', ENVELOPE, encodePublishAck);
    this.#register('/messaging.UniversalEventBus/PublishTelemetry', UNIVERSAL_ENVELOPE, (answer) =>
      this.#encodeUniversalAck(answer),
    );
    for (const [path, answer] of Object.entries(options.services ?? {})) this.#serve(path, answer);
  }

  /** The port that it listens on. Throws UserError where the address is in use or not to be had. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return this.#connections.listen(host, port, 'the bus cannot listen', '--bus-port');
  }

  /** What is open now, and what was not taken since the start. */
  connections(): BusConnections {
    const { open, pending, refused } = this.#connections;
    return { open, pending, refused: { ...refused }, streams: this.#streams.open };
  }

  /** Clients that a limit held back, those most often first. */
  limitedClients(): readonly LimitedClient[] {
    return this.#clients.mostLimited(NAMED_CLIENTS);
  }

  /** Ends the streams of those who are no longer let in; to be called when that may have changed. */
  recheck(): void {
    this.#streams.recheck((peer) => this.#refusal(peer, true));
  }

  /** When each client was heard of last, ms since the epoch. */
  lastSeen(): ReadonlyMap<string, number> {
    return this.#seen;
  }

  /** Answers what is in flight, takes nothing new, and ends within `graceMs`. */
  async close(graceMs = 1500): Promise<void> {
    this.#connections.stopListening();
    this.#streams.close();
    await new Promise<void>((resolve) => {
      // grpc-js may wait for ever for a connection that broke off.
      const late = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  /** Whose call it is, and whether it is read at all. TLS has verified the certificate. */
  #admit(call: grpc.ServerInterceptingCallInterface, isStream: boolean): grpc.ServerInterceptingCall {
    const address = call.getPeer();
    const caller = this.#connections.ownerOf(address) ?? this.#meet(call);
    const { client } = caller;
    const refusal = this.#claim(address, caller) ?? (isStream ? undefined : client.tooManyCalls());
    return refusal === undefined ? gate(call, client, isStream) : refused(call, refusal);
  }

  /** From its first call on a connection is its client's. Why not, where the client has too many. */
  #claim(address: string, caller: Caller): string | undefined {
    if (!this.#connections.isPending(address)) return undefined;
    const refusal = caller.client.connect();
    if (refusal === undefined)
      this.#connections.claim(address, caller, () => {
        caller.client.connections--;
      });
    return refusal;
  }

  #meet(call: grpc.ServerInterceptingCallInterface): Caller {
    const peer = peerOf(call.getAuthContext());
    return { peer, client: this.#clients.get(peer.name) };
  }

  #register(path: string, kind: EnvelopeKind, encode: (answer: Answer) => Buffer): void {
    this.#answerTo(path, async (bytes, caller) => encode(await this.#take(bytes, kind, caller)));
  }

  #serve(path: string, answer: (request: Buffer, peer: Peer) => Promise<Uint8Array>): void {
    this.#answerTo(path, async (bytes, { peer }) => Buffer.from(await answer(bytes, peer)));
  }

  #answerTo(path: string, answer: (request: Buffer, caller: Caller) => Promise<Buffer>): void {
    this.#server.register<Buffer, Buffer>(
      path,
      (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        const caller = this.#connections.ownerOf(call.getPeer());
        // Without one the connection is gone, and nobody waits for an answer.
        if (caller) answer(call.request, caller).then((bytes) => callback(null, bytes), callback);
      },
      (bytes) => bytes,
      (bytes) => bytes,
      'unary',
    );
  }

  /** A client that is let in was seen. */
  #refusal(peer: Peer, open = false): string | undefined {
    const { clock, refusal } = this.#options;
    const reason = refusal(peer, open);
    if (reason === undefined) this.#seen.set(peer.name, clock.now());
    return reason;
  }

  async #take(bytes: Buffer, kind: EnvelopeKind, caller: Caller): Promise<Answer> {
    const done = this.metrics.begin();
    const answer = await this.#admitted(bytes, kind, caller);
    done(answer.status);
    return answer;
  }

  async #admitted(bytes: Buffer, kind: EnvelopeKind, { client, peer }: Caller): Promise<Answer> {
    const reason = this.#refusal(peer);
    if (reason !== undefined) return { status: 'denied', reason, retryMs: 0 };
    const limited = client.admitCall() ?? client.admit(1);
    return limited ? held(limited, 'limited') : this.#answer(bytes, kind, client, peer);
  }

  /** What was admitted. */
  async #answer(bytes: Buffer, kind: EnvelopeKind, client: Client, peer: Peer): Promise<Answer> {
    try {
      const inspected = inspect(bytes, kind);
      if (!inspected.ok) return { status: 'invalid', reason: inspected.reason, retryMs: 0 };
      const unsigned = this.#unsigned(bytes, kind, peer);
      if (unsigned !== undefined) return { status: 'denied', reason: unsigned, retryMs: 0 };
      const { key, timestampNs } = inspected;
      const record = { key, timestampNs, kind: kind.name, source: client.name, bytes };
      if ((await this.#options.log.append(record)) === 'duplicate') this.metrics.duplicate();
      return OK;
    } catch (error) {
      const { reason, message, retryMs } = error as EnvelopeRefusal;
      if (reason === 'share') {
        client.hit('log_share');
        return held({ reason: message, retryMs }, 'retry');
      }
      const status = reason === 'failed' ? 'failed' : reason === 'busy' ? 'overload' : 'retry';
      return { status, reason: message, retryMs };
    } finally {
      client.kept(1);
    }
  }

  /** Why the signature, which is asked for, is none of this client. */
  #unsigned(bytes: Buffer, { signature: field }: EnvelopeKind, peer: Peer): string | undefined {
    const { signatureRefusal } = this.#options;
    if (!signatureRefusal || field === undefined) return undefined;
    const signed = splitSignature(bytes, field);
    const reason = signed ? signatureRefusal(peer, signed) : 'sig is set more than once';
    if (reason !== undefined) this.metrics.unsigned();
    return reason;
  }

  #encodeUniversalAck({ status, reason, retryMs }: Answer): Buffer {
    const { log, clock } = this.#options;
    const waiting = log.waiting();
    const perSecond = log.ratePerSecond();
    const ack = UniversalAck.fromPartial({
      status: {
        ok: UniversalAck_Status.OK,
        retry: UniversalAck_Status.RETRY,
        overload: UniversalAck_Status.OVERLOAD,
        limited: UniversalAck_Status.QUOTA_EXCEEDED,
        failed: UniversalAck_Status.PROCESSING_ERROR,
        invalid: UniversalAck_Status.INVALID,
        denied: UniversalAck_Status.SECURITY_VIOLATION,
      }[status],
      reason,
      backoffHintMs: retryMs,
      processedTimestampNs: BigInt(clock.now()) * 1_000_000n,
      eventsAccepted: status === 'ok' ? 1 : 0,
      eventsRejected: status === 'ok' ? 0 : 1,
      validationErrors: status === 'invalid' ? [reason] : [],
      // The share of a second that what waits will take.
      currentLoad: Math.min(1, waiting / perSecond),
      queueDepth: waiting,
      processingRatePerSecond: Math.round(perSecond),
    });
    return Buffer.from(UniversalAck.encode(ack).finish());
  }
}

function encodePublishAck({ status, reason, retryMs }: Answer): Buffer {
  const code = {
    ok: PublishAck_Status.OK,
    retry: PublishAck_Status.RETRY,
    overload: PublishAck_Status.RETRY,
    limited: PublishAck_Status.RETRY,
    failed: PublishAck_Status.RETRY,
    invalid: PublishAck_Status.INVALID,
    denied: PublishAck_Status.UNAUTHORIZED,
  }[status];
  return Buffer.from(
    PublishAck.encode(PublishAck.fromPartial({ status: code, reason, backoffHintMs: retryMs })).finish(),
  );
}

/** The answer to a call over its client's limits, which comes late; the hint is what is left to wait. */
async function held({ reason, retryMs }: Limited, status: 'limited' | 'retry'): Promise<Answer> {
  const hold = Math.min(retryMs, MAX_HOLD_MS);
  await sleep(hold);
  return { status, reason, retryMs: Math.max(1, retryMs - hold) };
}

/** Whom the client's certificate names: TLS has verified it before any call comes through. */
function peerOf({
  sslPeerCertificate: certificate,
}: ReturnType<grpc.ServerInterceptingCall['getAuthContext']>): Peer {
  const name = certificate?.subject.CN;
  return {
    name: Array.isArray(name) ? String(name[0]) : (name ?? ''),
    serial: certificate?.serialNumber ?? '',
  };
}
