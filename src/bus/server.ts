import * as grpc from '@grpc/grpc-js';
import {
  PublishAck,
  PublishAck_Status,
  UniversalAck,
  UniversalAck_Status,
} from '../../proto/generated/messaging/messaging.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage, UserError } from '../lib/errors.ts';
import type { Peer } from '../model/peer.ts';
import { ENVELOPE, type EnvelopeKind, inspect, MAX_ENVELOPE_BYTES, UNIVERSAL_ENVELOPE } from './envelope.ts';
import type { EnvelopeLog, EnvelopeRefusal } from './envelope-log.ts';
import { EventStreams } from './event-stream.ts';
import { BusMetrics } from './metrics.ts';

export interface BusOptions {
  readonly log: EnvelopeLog;
  readonly clock: Clock;
  /** Of a server that asks everybody for a certificate of its own authority. */
  readonly credentials: grpc.ServerCredentials;
  /** Why the owner of a certificate is not let in, or whose stream is to end; undefined: it may. */
  readonly refusal: (peer: Peer, open: boolean) => string | undefined;
  /** Other calls for those who are let in to ask, by path; what rejects is a gRPC status. */
  readonly services?: Readonly<Record<string, (request: Buffer, peer: Peer) => Promise<Uint8Array>>>;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

/** gRPC refuses what is larger before it is in memory; below it the message itself is answered INVALID, with the reason. */
const MAX_RECEIVED_BYTES = 8 * MAX_ENVELOPE_BYTES;
/** Calls that one connection may have open. */
const MAX_STREAMS = 1000;

// It would write to standard error by itself what it also says to its callers.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** What a client is told, whichever of the two services it speaks. */
interface Answer {
  readonly status: 'ok' | 'retry' | 'overload' | 'failed' | 'invalid' | 'denied';
  readonly reason: string;
  readonly retryMs: number;
}

const OK: Answer = { status: 'ok', reason: '', retryMs: 0 };

/**
 * The bus: takes envelopes of clients of others and batches of agents over gRPC with mutual TLS 1.3, and says OK only when their bytes are in the log. The bytes are
 * kept as they came.
 */
export class Bus {
  readonly metrics = new BusMetrics();
  readonly #options: BusOptions;
  readonly #server: grpc.Server;
  readonly #streams: EventStreams;
  readonly #seen = new Map<string, number>();
  #port = 0;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#server = new grpc.Server({
      'grpc.max_receive_message_length': MAX_RECEIVED_BYTES,
      'grpc.max_send_message_length': MAX_ENVELOPE_BYTES,
      'grpc.max_concurrent_streams': MAX_STREAMS,
      // A connection that is half open is found and closed within a minute and a half.
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
    });
    this.#streams = new EventStreams({ log: options.log, metrics: this.metrics });
    this.#server.register<Buffer, Buffer>(
      '/homeostat.v1.TelemetryService/Publish',
      (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        const peer = peerOf(call);
        const details = this.#refusal(peer);
        if (details === undefined) this.#streams.take(call, peer);
        else call.emit('error', { code: grpc.status.PERMISSION_DENIED, details });
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
  async listen(): Promise<number> {
    const { host, port, credentials } = this.#options;
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    try {
      this.#port = await new Promise<number>((resolve, reject) =>
        this.#server.bindAsync(address, credentials, (error, bound) =>
          error ? reject(error) : resolve(bound),
        ),
      );
      return this.#port;
    } catch (error) {
      throw new UserError(
        `the bus cannot listen on ${address} (${bindProblem(error)}): end what uses it, or choose another port with --bus-port`,
      );
    }
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
    const force = setTimeout(() => this.#server.forceShutdown(), graceMs);
    this.#streams.close();
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    clearTimeout(force);
  }

  #register(path: string, kind: EnvelopeKind, encode: (answer: Answer) => Buffer): void {
    this.#server.register<Buffer, Buffer>(
      path,
      (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        this.#take(call.request, kind, peerOf(call)).then((answer) => callback(null, encode(answer)));
      },
      (ack) => ack,
      (bytes) => bytes,
      'unary',
    );
  }

  #serve(path: string, answer: (request: Buffer, peer: Peer) => Promise<Uint8Array>): void {
    this.#server.register<Buffer, Buffer>(
      path,
      (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        answer(call.request, peerOf(call)).then((bytes) => callback(null, Buffer.from(bytes)), callback);
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

  async #take(bytes: Buffer, kind: EnvelopeKind, peer: Peer): Promise<Answer> {
    const done = this.metrics.begin();
    const reason = this.#refusal(peer);
    const answer: Answer =
      reason === undefined
        ? await this.#answer(bytes, kind, peer.name)
        : { status: 'denied', reason, retryMs: 0 };
    done(answer.status);
    return answer;
  }

  async #answer(bytes: Buffer, kind: EnvelopeKind, source: string): Promise<Answer> {
    const inspected = inspect(bytes, kind);
    if (!inspected.ok) return { status: 'invalid', reason: inspected.reason, retryMs: 0 };
    const { key, timestampNs } = inspected;
    try {
      const appended = await this.#options.log.append({ key, timestampNs, kind: kind.name, source, bytes });
      if (appended === 'duplicate') this.metrics.duplicate();
      return OK;
    } catch (error) {
      const { reason, message, retryMs } = error as EnvelopeRefusal;
      const status = reason === 'failed' ? 'failed' : reason === 'busy' ? 'overload' : 'retry';
      return { status, reason: message, retryMs };
    }
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
    failed: PublishAck_Status.RETRY,
    invalid: PublishAck_Status.INVALID,
    denied: PublishAck_Status.UNAUTHORIZED,
  }[status];
  return Buffer.from(
    PublishAck.encode(PublishAck.fromPartial({ status: code, reason, backoffHintMs: retryMs })).finish(),
  );
}

/** grpc-js wraps what the system said in words of its own. */
const bindProblem = (error: unknown): string =>
  /\[listen (\w+)/.exec(errorMessage(error))?.[1] ?? errorMessage(error);

/** Whom the client's certificate names: TLS has verified it before any call comes through. */
function peerOf(call: Pick<grpc.ServerUnaryCall<Buffer, Buffer>, 'getAuthContext'>): Peer {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const name = certificate?.subject.CN;
  return {
    name: Array.isArray(name) ? String(name[0]) : (name ?? ''),
    serial: certificate?.serialNumber ?? '',
  };
}
