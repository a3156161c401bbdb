/** A field's values in the order in which they stand: numbers of varints, bytes of everything else. */
export type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

/** Reads a message without knowing what it is (protobuf.dev/programming-guides/encoding). Throws where the bytes are no message. */
export function readFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, (number | Uint8Array)[]>();
  const cursor = new Cursor(bytes);
  while (!cursor.isAtEnd()) {
    const tag = cursor.varint();
    const values = fields.get(tag >>> 3) ?? [];
    fields.set(tag >>> 3, values);
    const wireType = tag & 7;
    if (wireType === 0) values.push(cursor.varint());
    else if (wireType === 2) values.push(cursor.take(cursor.varint()));
    else if (wireType === 1) values.push(cursor.take(8));
    else if (wireType === 5) values.push(cursor.take(4));
    else throw new Error(`wire type ${wireType}`);
  }
  return fields;
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.take(1)[0]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Error('a field is cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export const message = (fields: Fields, field: number): Fields => readFields(bytesOf(fields, field));
export const messages = (fields: Fields, field: number): readonly Fields[] =>
  (fields.get(field) ?? []).map((value) => readFields(value as Uint8Array));
export const number = (fields: Fields, field: number): number => (fields.get(field)?.[0] ?? 0) as number;
export const bytesOf = (fields: Fields, field: number): Uint8Array =>
  (fields.get(field)?.[0] ?? new Uint8Array(0)) as Uint8Array;
export const string = (fields: Fields, field: number): string =>
  Buffer.from(bytesOf(fields, field)).toString();
export const strings = (fields: Fields, field: number): readonly string[] =>
  (fields.get(field) ?? []).map((value) => Buffer.from(value as Uint8Array).toString());
export const map = (fields: Fields, field: number): ReadonlyMap<string, Fields> =>
  new Map(messages(fields, field).map((entry) => [string(entry, 1), entry]));

/** Packed varints. */
export function numbers(fields: Fields, field: number): readonly number[] {
  const cursor = new Cursor(bytesOf(fields, field));
  const values: number[] = [];
  while (!cursor.isAtEnd()) values.push(cursor.varint());
  return values;
}
