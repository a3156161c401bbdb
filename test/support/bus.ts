import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {
  ProcessChange_Kind,
  PublishRequest,
  PublishResponse,
} from '../../proto/generated/homeostat/v1/telemetry.ts';
import {
  PublishAck,
  PublishAck_Status,
  UniversalAck,
  UniversalAck_Status,
  UniversalEnvelope,
} from '../../proto/generated/messaging/messaging.ts';

/** A publisher over mutual TLS; answers are awaited, so many can be in flight. */
export class Publisher {
  readonly #client: grpc.Client;

  /** `folder` holds what `homeostat hub issue NAME` made. */
  constructor(address: string, folder: string, name: string) {
    this.#client = connect(address, folder, name);
  }

  /** The name of the status, or of the gRPC error where there was no answer. */
  publish(key: string, deadlineMs = 10_000): Promise<string> {
    const envelope = UniversalEnvelope.fromPartial({
      ...{ version: '1', tsNs: 1n, idempotencyKey: key },
      process: { pid: 1n, exe: '/bin/true', args: [key] },
    });
    return this.send(UniversalEnvelope.encode(envelope).finish(), deadlineMs);
  }

  /** The same for the bytes of any `UniversalEnvelope`. */
  send(envelope: Uint8Array, deadlineMs = 10_000): Promise<string> {
    return this.#call('UniversalEventBus/PublishTelemetry', envelope, deadlineMs, (bytes) =>
      nameIn(UniversalAck_Status, UniversalAck.decode(bytes).status),
    );
  }

  /** The same for the bytes of any `Envelope`, which has a service of its own. */
  sendEnvelope(envelope: Uint8Array): Promise<string> {
    return this.#call('EventBus/Publish', envelope, 10_000, (bytes) =>
      nameIn(PublishAck_Status, PublishAck.decode(bytes).status),
    );
  }

  #call(
    method: string,
    envelope: Uint8Array,
    deadlineMs: number,
    answer: (bytes: Buffer) => string,
  ): Promise<string> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        `/messaging.${method}`,
        (bytes: Buffer) => bytes,
        answer,
        Buffer.from(envelope),
        { deadline: Date.now() + deadlineMs },
        (error, name) => resolve(error ? (grpc.status[error.code] ?? 'UNKNOWN') : name!),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

const nameIn = (names: Readonly<Record<string, string | number>>, status: number): string =>
  Object.entries(names).find(([, value]) => value === status)?.[0] ?? String(status);

/** The bytes of a batch of process events with these keys, of that time by the sender's clock. */
export function batchOf(
  sequence: number,
  keys: readonly string[],
  tsNs = 1_757_184_000_000_000_000n,
): Buffer {
  const process = {
    pid: 4711n,
    ppid: 1n,
    exe: '/usr/bin/python3',
    args: ['worker.py'],
    startTsNs: 1n,
    uid: 1000,
  };
  const events = keys.map((idempotencyKey) => ({
    ...{ tsNs, idempotencyKey },
    process: { kind: ProcessChange_Kind.KIND_START, process },
  }));
  const request = PublishRequest.fromPartial({ sequence: BigInt(sequence), events });
  return Buffer.from(PublishRequest.encode(request).finish());
}

/** A stream of batches; the answers come in their order. */
export class StreamPublisher {
  readonly #client: grpc.Client;
  readonly #call: grpc.ClientDuplexStream<Buffer, PublishResponse>;
  readonly #answers: PublishResponse[] = [];
  readonly #waiting: { resolve(answer: PublishResponse): void; reject(error: Error): void }[] = [];
  #error: Error | undefined;

  /** `folder` holds what `homeostat hub issue NAME` made. */
  constructor(address: string, folder: string, name: string) {
    this.#client = connect(address, folder, name);
    this.#call = this.#client.makeBidiStreamRequest(
      '/homeostat.v1.TelemetryService/Publish',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => PublishResponse.decode(bytes),
    );
    this.#call.on('data', (answer: PublishResponse) => {
      const first = this.#waiting.shift();
      if (first) first.resolve(answer);
      else this.#answers.push(answer);
    });
    const failed = (error: Error): void => {
      this.#error ??= error;
      for (const { reject } of this.#waiting.splice(0)) reject(this.#error);
    };
    this.#call.on('error', failed);
    this.#call.on('end', () => failed(new Error('the stream ended')));
  }

  send(batch: Buffer): void {
    this.#call.write(batch);
  }

  /** The next answer; rejects with the gRPC error when the stream ended. */
  next(): Promise<PublishResponse> {
    const kept = this.#answers.shift();
    if (kept) return Promise.resolve(kept);
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

function connect(address: string, folder: string, name: string): grpc.Client {
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  return new grpc.Client(
    address,
    grpc.credentials.createSsl(read('ca.pem'), read(`${name}.key`), read(`${name}.pem`)),
    { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.ssl_target_name_override': 'localhost' },
  );
}
