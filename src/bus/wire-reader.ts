export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

/** Reads a message of Protocol Buffers field by field (protobuf.dev/programming-guides/encoding). */
export class Reader {
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

  /** Passes over what follows a tag of this type; false where it is not whole. */
  pass(type: number): boolean {
    if (type === VARINT) return this.#passVarint();
    if (type === LENGTH) return this.#move(this.length());
    return this.#move(type === FIXED64 ? 8 : type === FIXED32 ? 4 : undefined);
  }

  /** How many bytes follow. */
  length(): number | undefined {
    return this.#count();
  }

  #move(count: number | undefined): boolean {
    if (count === undefined) return false;
    this.at += count;
    return this.at <= this.#bytes.length;
  }

  /** At most ten bytes. */
  #passVarint(): boolean {
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return false;
      if (byte < 0x80) return true;
    }
    return false;
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
