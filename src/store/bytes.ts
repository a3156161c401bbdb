/** Bytes that grow as they are written; one instance is reused for many chunks. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(4096);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte, the lowest first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written, sharing memory with the writer: valid until its next call. */
  view(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.length);
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.length + more, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

/** Reads what ByteWriter wrote; throws RangeError where the bytes end too early. */
export class ByteReader {
  bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.reset(bytes, position, end);
  }

  /** Begins anew with other bytes: a row of the tail has hundreds of columns, and needs one reader. */
  reset(bytes: Uint8Array, position: number, end: number): void {
    if (end > bytes.length) throw new RangeError('the bytes end before the chunk does');
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /** Steps over `length` bytes and gives where they begin. */
  skip(length: number): number {
    if (length > this.end - this.position) throw new RangeError('the bytes end before the chunk does');
    this.position += length;
    return this.position - length;
  }

  byte(): number {
    if (this.position >= this.end) throw new RangeError('the bytes end before the chunk does');
    return this.bytes[this.position++]!;
  }

  varint(): number {
    let value = 0;
    let weight = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
      weight *= 0x80;
    }
  }

  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, this.position);
  }
}

/** Signed integers as unsigned ones, small magnitudes first: 0, -1, 1, -2 ... */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
export const unzigzag = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);
