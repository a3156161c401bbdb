import * as grpc from '@grpc/grpc-js';
import { PublishResponse, PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { Peer } from '../model/peer.ts';
import type { Caller, Client } from './clients.ts';
import { type Batch, EVENT, inspect, splitBatch } from './envelope.ts';
import type { EnvelopeLog, EnvelopeRecord, EnvelopeRefusal } from './envelope-log.ts';
import type { BusMetrics } from './metrics.ts';

type Call = grpc.ServerDuplexStream<Buffer, Buffer>;
type Rejection = PublishResponse['rejections'][number];

/** Events that a stream may have on their way. */
const CREDIT = 5000;
/** Bytes that a stream may have on their way: beyond them nothing is read from it until some are on disk. */
const MAX_BYTES = 4 * 2 ** 20;
export interface EventStreamsOptions {
  /** Events of a client are on disk; `abouts`: those of them that are about the client itself. */
  readonly taken: (client: string, abouts: readonly Uint8Array[]) => void;
  readonly log: EnvelopeLog;
  readonly metrics: BusMetrics;
}

/** The agents' streams: batches in, an answer for each in its order when its events are on disk. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Map<EventStream, Peer>();

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /** `disconnect` ends the connection that the call came over. */
  take(call: Call, { client, peer }: Caller, disconnect: () => void): void {
    const stream = new EventStream(call, client, disconnect, this.#options);
    if (client.streams >= client.limits.streams) {
      client.hit('streams');
      stream.end(
        grpc.status.RESOURCE_EXHAUSTED,
        `${client.name} has ${client.streams} streams open; at most ${client.limits.streams}`,
      );
      return;
    }
    this.#open.set(stream, peer);
    client.streams++;
    stream.start(() => {
      if (this.#open.delete(stream)) client.streams--;
    });
  }

  get open(): number {
    return this.#open.size;
  }

  /** Ends those for whose client `refusal` has a reason. */
  recheck(refusal: (peer: Peer) => string | undefined): void {
    for (const [stream, peer] of this.#open) {
      const reason = refusal(peer);
      if (reason !== undefined) stream.end(grpc.status.PERMISSION_DENIED, reason);
    }
  }

  /** Ends all of them: their clients come again later. */
  close(): void {
    for (const stream of this.#open.keys()) stream.end(grpc.status.UNAVAILABLE, 'the hub stops');
  }
}

class EventStream {
  readonly #call: Call;
  readonly #client: Client;
  readonly #disconnect: () => void;
  readonly #options: EventStreamsOptions;
  #sequence = 0n;
  #credit = CREDIT;
  #bytes = 0;
  /** Batches without their answer. */
  #unanswered = 0;
  #answers: Promise<void> = Promise.resolve();
  /** The client does not read its answers: so long it may go on. */
  #clogged: NodeJS.Timeout | undefined;
  /** The client sends more than it may: nothing is read until then. */
  #held: NodeJS.Timeout | undefined;
  #halfClosed = false;
  #ended = false;

  constructor(call: Call, client: Client, disconnect: () => void, options: EventStreamsOptions) {
    this.#call = call;
    this.#client = client;
    this.#disconnect = disconnect;
    this.#options = options;
  }

  start(onEnd: () => void): void {
    const call = this.#call;
    const ended = (): void => {
      this.#ended = true;
      clearTimeout(this.#clogged);
      clearTimeout(this.#held);
      onEnd();
    };
    call.on('data', (bytes: Buffer) => this.#take(bytes));
    call.on('end', () => {
      this.#halfClosed = true;
      this.#finish();
    });
    call.on('drain', () => {
      clearTimeout(this.#clogged);
      this.#clogged = undefined;
      this.#flow();
    });
    for (const event of ['cancelled', 'error', 'close', 'finish']) call.on(event, ended);
    const logId = this.#options.log.id;
    this.#write({ sequence: 0n, status: PublishResponse_Status.STATUS_OK, credit: CREDIT, logId });
  }

  end(code: grpc.status, details: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call.emit('error', { code, details });
  }

  #take(bytes: Buffer): void {
    if (this.#ended) return;
    const batch = splitBatch(bytes, CREDIT);
    if (!batch) {
      this.end(grpc.status.INVALID_ARGUMENT, 'the bytes are no PublishRequest');
      return;
    }
    const wrong = this.#refusal(batch);
    if (wrong) {
      this.end(wrong.code, wrong.details);
      return;
    }
    const { sequence, events } = batch;
    this.#sequence = sequence;
    this.#credit -= events.length;
    this.#bytes += bytes.length;
    this.#unanswered++;
    const done = this.#options.metrics.begin();
    const kept = this.#keep(events);
    this.#flow();
    // A refusal is known at once, but its turn is after those before it.
    this.#answers = this.#answers.then(async () => {
      const { outcome, ...answer } = await kept;
      done(outcome);
      this.#bytes -= bytes.length;
      this.#unanswered--;
      this.#credit += events.length;
      this.#write({ sequence, credit: events.length, ...answer });
      this.#flow();
      this.#finish();
    });
  }

  #refusal({ sequence, events, more }: Batch): { code: grpc.status; details: string } | undefined {
    const { INVALID_ARGUMENT, RESOURCE_EXHAUSTED } = grpc.status;
    const due = this.#sequence + 1n;
    if (sequence !== due)
      return { code: INVALID_ARGUMENT, details: `sequence ${sequence} came where ${due} was due` };
    if (events.length === 0) return { code: INVALID_ARGUMENT, details: `batch ${sequence} has no events` };
    if (!more && events.length <= this.#credit) return undefined;
    const count = more ? `more than ${events.length}` : `${events.length}`;
    const details = `a batch of ${count} events came with a credit of ${this.#credit}`;
    return { code: RESOURCE_EXHAUSTED, details };
  }

  /** Never rejects. */
  async #keep(events: readonly Uint8Array[]) {
    const limited = this.#client.admit(events.length);
    if (limited) {
      this.#hold(limited.retryMs);
      const { reason, retryMs: backoffHintMs } = limited;
      return {
        outcome: 'limited' as const,
        status: PublishResponse_Status.STATUS_RETRY,
        reason,
        backoffHintMs,
      };
    }
    const rejections: Rejection[] = [];
    const records: EnvelopeRecord[] = [];
    const abouts: Uint8Array[] = [];
    for (const [index, bytes] of events.entries()) {
      const inspected = inspect(bytes, EVENT);
      if (!inspected.ok) rejections.push({ index, reason: inspected.reason });
      else {
        const { key, timestampNs, payload } = inspected;
        records.push({ key, timestampNs, kind: EVENT.name, source: this.#client.name, bytes });
        if (payload === 'host') abouts.push(bytes);
      }
    }
    try {
      const answers = await this.#options.log.appendAll(records);
      if (records.length > 0) this.#options.taken(this.#client.name, abouts);
      const duplicates = answers.filter((answer) => answer === 'duplicate').length;
      this.#options.metrics.events(answers.length, duplicates);
      const outcome = rejections.length > 0 ? ('invalid' as const) : ('ok' as const);
      return { outcome, status: PublishResponse_Status.STATUS_OK, duplicates, rejections };
    } catch (error) {
      const { reason: why, message: reason, retryMs: backoffHintMs } = error as EnvelopeRefusal;
      if (why === 'share') {
        this.#client.hit('log_share');
        this.#hold(backoffHintMs);
      }
      const outcome = ({ busy: 'overload', full: 'retry', share: 'retry', failed: 'failed' } as const)[why];
      return { outcome, status: PublishResponse_Status.STATUS_RETRY, reason, backoffHintMs };
    } finally {
      this.#client.kept(events.length);
    }
  }

  /** Whoever honours the hint sends nothing meanwhile; of the others nothing is read. */
  #hold(ms: number): void {
    this.#held ??= setTimeout(() => {
      this.#held = undefined;
      this.#flow();
    }, ms);
  }

  #write(answer: Partial<PublishResponse>): void {
    if (this.#ended) return;
    const bytes = PublishResponse.encode(PublishResponse.fromPartial(answer)).finish();
    if (this.#call.write(Buffer.from(bytes))) return;
    this.#clogged ??= setTimeout(() => {
      this.#client.hit('slow_reader');
      // Its end could not be told either: the answers that it does not read come first.
      this.#disconnect();
    }, this.#client.limits.slowReaderMs);
  }

  /** Reads on or not: gRPC's own flow control then holds the client back. */
  readonly #flow = (): void => {
    const isFull = this.#client.isFull();
    if (isFull) this.#client.whenRoom(this.#flow);
    if (this.#clogged || this.#held || isFull || this.#bytes > MAX_BYTES) this.#call.pause();
    else if (this.#call.isPaused()) this.#call.resume();
  };

  /** The client will send nothing more: the stream ends with its last answer. */
  #finish(): void {
    if (this.#halfClosed && this.#unanswered === 0 && !this.#ended) this.#call.end();
  }
}
