/** A message of the wire, told by its bytes: what is in it is not decoded, and nothing of it is lost. */
export type Inspected =
  | { readonly ok: true; readonly key: string; readonly timestampNs: bigint }
  | { readonly ok: false; readonly reason: string };

/** What a kind of envelope must have. */
export interface EnvelopeKind {
  readonly name: string;
  /** Field numbers of the payloads, of which exactly one must be set, and their names. */
  readonly payloads: ReadonlyMap<number, string>;
  /** Of the payloads, those that are bytes: empty is not set. */
  readonly plainPayloads: ReadonlySet<number>;
}

export const ENVELOPE: EnvelopeKind = {
  name: 'messaging.Envelope',
  payloads: new Map([
    [4, 'flow'],
    [7, 'payload'],
  ]),
  plainPayloads: new Set([7]),
};

export const UNIVERSAL_ENVELOPE: EnvelopeKind = {
  name: 'messaging.UniversalEnvelope',
  payloads: new Map([
    [4, 'flow'],
    [5, 'process'],
    [6, 'device_telemetry'],
    [7, 'telemetry_batch'],
  ]),
  plainPayloads: new Set(),
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
  ]),
  plainPayloads: new Set(),
};

/** A larger message is invalid, bytes. */
export const MAX_ENVELOPE_BYTES = 131_072;
/** A key is to be remembered: a longer one is none, bytes. */
const MAX_KEY_BYTES = 512;
const TIMESTAMP = 2;
const KEY = 3;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Walks the fields of the message at its top, in any order and with unknown ones among them (the wire format of
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
  const names = [...kind.payloads.values()];
  if (payloads.size === 0) return invalid(`no payload: one of ${names.join(', ')} must be set`);
  if (payloads.size > 1)
    return invalid(`${[...payloads].join(' and ')} are both set: exactly one payload is allowed`);
  try {
    return { ok: true, key: utf8.decode(key), timestampNs };
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
}

const invalid = (reason: string): Inspected => ({ ok: false, reason });

/** Undefined where the bytes are not a sequence of whole fields. */
function walk(bytes: Uint8Array, kind: EnvelopeKind): Fields | undefined {
  const fields: Fields = { key: undefined, timestampNs: 0n, payloads: new Set() };
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
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A field's number and wire type; undefined where there is none. */
  tag(): { readonly number: number; readonly type: number } | undefined {
    const tag = this.#count();
    if (tag === undefined || tag < 8 || tag > 0xffff_ffff) return undefined;
    return { number: Math.floor(tag / 8), type: tag % 8 };
  }

  /** What follows a tag of this type: bytes for a length, the number for a varint, 0 for a number of fixed width, which is skipped. */
  value(type: number): bigint | Uint8Array | undefined {
    if (type === LENGTH) return this.#bytesOf(this.#count());
    if (type === VARINT) return this.#varint();
    if (type === FIXED64) return this.#skip(8);
    return type === FIXED32 ? this.#skip(4) : undefined;
  }

  /** A varint that a tag or a length is; without BigInt, which costs more than all else here. */
  #count(): number | undefined {
    let value = 0;
    for (let factor = 1; factor < 2 ** 42; factor *= 128) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  /** Undefined where it is cut short or longer than ten bytes. */
  #varint(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  }

  #bytesOf(length: number | undefined): Uint8Array | undefined {
    if (length === undefined || length > this.#bytes.length - this.at) return undefined;
    const from = this.at;
    this.at += length;
    return this.#bytes.subarray(from, this.at);
  }

  #skip(count: number): bigint | undefined {
    this.at += count;
    return this.at > this.#bytes.length ? undefined : 0n;
  }
}
