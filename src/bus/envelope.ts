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
    const tag = reader.varint();
    if (tag === undefined || tag >> 3n === 0n || tag > 0xffff_ffffn) return undefined;
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (!known(number, type, kind)) return undefined;
    if (type === LENGTH) {
      const value = reader.bytes();
      if (!value) return undefined;
      take(fields, number, value, kind);
    } else {
      const value = type === VARINT ? reader.varint() : reader.skip(type === FIXED64 ? 8 : 4);
      if (value === undefined) return undefined;
      if (number === TIMESTAMP) fields.timestampNs = value;
    }
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

  /** Undefined where it is cut short or longer than ten bytes. */
  varint(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  }

  bytes(): Uint8Array | undefined {
    const length = this.varint();
    if (length === undefined || length > BigInt(this.#bytes.length - this.at)) return undefined;
    const from = this.at;
    this.at += Number(length);
    return this.#bytes.subarray(from, this.at);
  }

  skip(count: number): bigint | undefined {
    this.at += count;
    return this.at > this.#bytes.length ? undefined : 0n;
  }
}
