import {
  ANOMALY,
  BREACH,
  CHANGE,
  COVERAGE,
  FLOW,
  HOST,
  isWellFormed,
  METRICS,
  PROCESS,
  type Shape,
} from './shape.ts';
import { FIXED32, FIXED64, LENGTH, Reader, VARINT } from './wire-reader.ts';

/** A message of the wire, told by its bytes: it is walked and not decoded, and nothing of it is lost. */
export type Inspected =
  | { readonly ok: true; readonly key: string; readonly timestampNs: bigint; readonly payload: string }
  | { readonly ok: false; readonly reason: string };

/** What a kind of envelope must have. */
export interface EnvelopeKind {
  readonly name: string;
  /** The field number of its signature. */
  readonly signature?: number;
  /** Field numbers of the payloads, of which exactly one must be set, and their names. */
  readonly payloads: ReadonlyMap<number, string>;
  /** Of the payloads, those that are bytes: empty is not set. */
  readonly plainPayloads: ReadonlySet<number>;
  /** Of the payloads, those that are walked to their end, and what they are. */
  readonly shapes: ReadonlyMap<number, Shape>;
}

export const ENVELOPE: EnvelopeKind = {
  name: 'messaging.Envelope',
  signature: 5,
  payloads: new Map([
    [4, 'flow'],
    [7, 'payload'],
  ]),
  plainPayloads: new Set([7]),
  shapes: new Map([[4, FLOW]]),
};

export const UNIVERSAL_ENVELOPE: EnvelopeKind = {
  name: 'messaging.UniversalEnvelope',
  signature: 8,
  payloads: new Map([
    [4, 'flow'],
    [5, 'process'],
    [6, 'device_telemetry'],
    [7, 'telemetry_batch'],
  ]),
  plainPayloads: new Set(),
  shapes: new Map([
    [4, FLOW],
    [5, PROCESS],
  ]),
};

/** An event of an agent: the same numbers for its time and its key. */
export const EVENT: EnvelopeKind = {
  name: 'homeostat.v1.Event',
  payloads: new Map([
    [4, 'process'],
    [5, 'metrics'],
    [6, 'anomaly'],
    [7, 'coverage'],
    [8, 'host'],
    [9, 'breach'],
  ]),
  plainPayloads: new Set(),
  shapes: new Map([
    [4, CHANGE],
    [5, METRICS],
    [6, ANOMALY],
    [7, COVERAGE],
    [8, HOST],
    [9, BREACH],
  ]),
};

/** A larger message is invalid, bytes. */
export const MAX_ENVELOPE_BYTES = 131_072;
/** A key is to be remembered: a longer one is none, bytes. */
const MAX_KEY_BYTES = 512;
const TIMESTAMP = 2;
const KEY = 3;

/** A byte order mark is part of a key as everything else is: without it the key would be another one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Walks the fields of the message, in any order and with unknown ones among them (the wire format of
 * protobuf.dev/programming-guides/encoding). Of a field that comes twice the last one counts, as proto3 has it.
 */
export function inspect(bytes: Uint8Array, kind: EnvelopeKind): Inspected {
  if (bytes.length > MAX_ENVELOPE_BYTES)
    return invalid(`the message has ${bytes.length} bytes; at most ${MAX_ENVELOPE_BYTES} are taken`);
  const fields = walk(bytes, kind);
  if (!fields) return invalid('the bytes are no protobuf message');
  const { key, timestampNs, payloads } = fields;
  if (key === undefined || key.length === 0) return invalid('idempotency_key is missing');
  if (key.length > MAX_KEY_BYTES)
    return invalid(`idempotency_key has ${key.length} bytes; at most ${MAX_KEY_BYTES} are taken`);
  if (payloads.size === 0)
    return invalid(`no payload: one of ${[...kind.payloads.values()].join(', ')} must be set`);
  if (payloads.size > 1)
    return invalid(`${[...payloads].join(' and ')} are both set: exactly one payload is allowed`);
  if (fields.malformed !== undefined) return invalid(`${fields.malformed} is no protobuf message`);
  try {
    const [payload] = payloads;
    return { ok: true, key: utf8.decode(key), timestampNs, payload: payload! };
  } catch {
    return invalid('idempotency_key is not UTF-8');
  }
}

/** A batch of an agent, its events as the bytes that they came as. */
export interface Batch {
  readonly sequence: bigint;
  readonly events: readonly Uint8Array[];
  /** There are more events in it: a message may be made of millions of empty ones. */
  readonly more: boolean;
}

/** Takes at most `maxEvents`. Undefined where the bytes are no `homeostat.v1.PublishRequest`. */
export function splitBatch(bytes: Uint8Array, maxEvents: number): Batch | undefined {
  const reader = new Reader(bytes);
  const events: Uint8Array[] = [];
  let sequence = 0n;
  while (reader.at < bytes.length) {
    const tag = reader.tag();
    if (!tag) return undefined;
    const { number, type } = tag;
    if ((number === 1 && type !== VARINT) || (number === 2 && type !== LENGTH)) return undefined;
    const value = reader.value(type);
    if (value === undefined) return undefined;
    if (number === 1) sequence = value as bigint;
    if (number !== 2) continue;
    if (events.length === maxEvents) return { sequence, events, more: true };
    events.push(value as Uint8Array);
  }
  return { sequence, events, more: false };
}

interface Fields {
  key: Uint8Array | undefined;
  timestampNs: bigint;
  readonly payloads: Set<string>;
  /** A payload that is not what it should be. */
  malformed: string | undefined;
}

const invalid = (reason: string): Inspected => ({ ok: false, reason });

/** Undefined where the bytes are not a sequence of whole fields. */
function walk(bytes: Uint8Array, kind: EnvelopeKind): Fields | undefined {
  const fields: Fields = { key: undefined, timestampNs: 0n, payloads: new Set(), malformed: undefined };
  const reader = new Reader(bytes);
  while (reader.at < bytes.length) {
    const tag = reader.tag();
    if (!tag || !known(tag.number, tag.type, kind)) return undefined;
    const value = reader.value(tag.type);
    if (value === undefined) return undefined;
    if (typeof value !== 'bigint') take(fields, tag.number, value, kind);
    else if (tag.number === TIMESTAMP) fields.timestampNs = value;
  }
  return fields;
}

/** The wire types there are; of a field that is known only its own. */
function known(number: number, type: number, { payloads }: EnvelopeKind): boolean {
  if (number === TIMESTAMP) return type === VARINT;
  if (number === KEY || payloads.has(number)) return type === LENGTH;
  return type === VARINT || type === FIXED64 || type === LENGTH || type === FIXED32;
}

function take(fields: Fields, number: number, value: Uint8Array, kind: EnvelopeKind): void {
  if (number === KEY) fields.key = value;
  const payload = kind.payloads.get(number);
  if (payload !== undefined && !(kind.plainPayloads.has(number) && value.length === 0))
    fields.payloads.add(payload);
  const shape = kind.shapes.get(number);
  if (shape && !isWellFormed(value, shape)) fields.malformed = payload;
}
