const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

const utf8 = new TextEncoder();

/**
 * Writes a message in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): fields in the order in
 * which they are called. Of signed types only numbers of 0 or more are needed here.
 */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** bool, enum, int32, int64, uint64: a whole number from 0 to 2^53 - 1. */
  uint(field: number, value: number): this {
    return this.#tag(field, VARINT).#push(varint(value));
  }

  float(field: number, value: number): this {
    return this.#tag(field, FIXED32).#push(littleEndian(Float32Array.of(value)));
  }

  string(field: number, text: string): this {
    return this.bytes(field, utf8.encode(text));
  }

  bytes(field: number, bytes: Uint8Array): this {
    return this.#tag(field, BYTES).#push(varint(bytes.length)).#push(bytes);
  }

  message(field: number, message: ProtoWriter): this {
    return this.bytes(field, message.finish());
  }

  /** Packed. */
  uints(field: number, values: readonly number[]): this {
    return this.bytes(field, concatenate(values.map(varint)));
  }

  /** Packed. */
  floats(field: number, values: Float32Array): this {
    return this.bytes(field, littleEndian(values));
  }

  /** A map from strings to messages or strings is a list of entries: the key is field 1, the value field 2. */
  map(field: number, entries: Readonly<Record<string, ProtoWriter | string>>): this {
    for (const [key, value] of Object.entries(entries)) {
      const entry = new ProtoWriter().string(1, key);
      this.message(field, typeof value === 'string' ? entry.string(2, value) : entry.message(2, value));
    }
    return this;
  }

  finish(): Uint8Array {
    return concatenate(this.#chunks, this.#length);
  }

  #tag(field: number, wireType: number): this {
    return this.#push(varint(field * 8 + wireType));
  }

  #push(bytes: Uint8Array): this {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}

/** The elements as bytes, the lowest first, whatever the machine's own order is. */
export function littleEndian(
  values: Float32Array | Float16Array | Int8Array | Uint8Array | BigInt64Array,
): Uint8Array {
  const bytes = new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength));
  const size = values.BYTES_PER_ELEMENT;
  if (!BIG_ENDIAN || size === 1) return bytes;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

const BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${value} is no whole number from 0 on`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function concatenate(
  chunks: readonly Uint8Array[],
  length = chunks.reduce((sum, chunk) => sum + chunk.length, 0),
): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
