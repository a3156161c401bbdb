import { PublishRequest } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { QueueEntry } from './queue.ts';

/** Field 2 of PublishRequest, length-delimited. */
const EVENT_TAG = 0x12;

/** A `PublishRequest` of events that are encoded already: nothing of them is decoded again. */
export function encodeBatch(sequence: number, entries: readonly QueueEntry[]): Uint8Array {
  const head = PublishRequest.encode({ sequence: BigInt(sequence), events: [] }).finish();
  const length = entries.reduce(
    (sum, { bytes }) => sum + 1 + widthOf(bytes.length) + bytes.length,
    head.length,
  );
  const batch = new Uint8Array(length);
  batch.set(head);
  let at = head.length;
  for (const { bytes } of entries) {
    batch[at++] = EVENT_TAG;
    let rest = bytes.length;
    for (; rest > 127; rest >>>= 7) batch[at++] = (rest & 127) | 128;
    batch[at++] = rest;
    batch.set(bytes, at);
    at += bytes.length;
  }
  return batch;
}

/** Bytes of a length as a varint. */
function widthOf(length: number): number {
  let width = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) width++;
  return width;
}
