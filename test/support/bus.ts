import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {
  UniversalAck,
  UniversalAck_Status,
  UniversalEnvelope,
} from '../../proto/generated/messaging/messaging.ts';

/** A publisher over mutual TLS; answers are awaited, so many can be in flight. */
export class Publisher {
  readonly #client: grpc.Client;

  /** `folder` holds what `homeostat hub issue NAME` made. */
  constructor(address: string, folder: string, name: string) {
    const read = (file: string): Buffer => readFileSync(join(folder, file));
    this.#client = new grpc.Client(
      address,
      grpc.credentials.createSsl(read('ca.pem'), read(`${name}.key`), read(`${name}.pem`)),
      { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.ssl_target_name_override': 'localhost' },
    );
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
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        '/messaging.UniversalEventBus/PublishTelemetry',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => UniversalAck.decode(bytes),
        Buffer.from(envelope),
        { deadline: Date.now() + deadlineMs },
        (error, ack) => resolve(error ? (grpc.status[error.code] ?? 'UNKNOWN') : nameOf(ack!)),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

const nameOf = ({ status }: UniversalAck): string =>
  Object.entries(UniversalAck_Status).find(([, value]) => value === status)?.[0] ?? String(status);
