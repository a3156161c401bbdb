import { createHash } from 'node:crypto';

/** Where an array stands in the file. */
export interface ArrayPlace {
  readonly type: 'f32' | 'i32';
  /** Bytes from where the arrays begin, and number of elements. */
  readonly offset: number;
  readonly length: number;
}

/** The arrays of one object, by name, and where each stands in the file. */
export type Arrays = Readonly<Record<string, Float32Array | Int32Array>>;
export type Places = Readonly<Record<string, ArrayPlace>>;

const CHECKSUM_BYTES = 32;

/**
 * Small facts and large arrays in one file, all numbers little-endian:
 *
 *     8 bytes    the kind of file
 *     4 bytes    length of the header
 *     header     JSON in UTF-8, filled up with spaces until the arrays begin at a multiple of 4
 *     arrays     one after the other, each at the offset that the header names, 4 bytes an element
 *     32 bytes   SHA-256 of everything before it
 *
 * `header` makes the JSON; it is handed what takes arrays in and gives their places. `kind` has 8 characters.
 */
export function encodeContainer(kind: string, header: (place: (arrays: Arrays) => Places) => object): Buffer {
  const bytes: Buffer[] = [];
  let offset = 0;
  const place = (array: Float32Array | Int32Array): ArrayPlace => {
    const at = offset;
    bytes.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
    offset += array.byteLength;
    return { type: array instanceof Float32Array ? 'f32' : 'i32', offset: at, length: array.length };
  };
  const placeAll = (arrays: Arrays): Places =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, place(array)]));
  const json = Buffer.from(JSON.stringify(header(placeAll)));
  const prefix = Buffer.alloc(kind.length + 4);
  const padding = (4 - ((prefix.length + json.length) % 4)) % 4;
  prefix.write(kind, 'latin1');
  prefix.writeUInt32LE(json.length + padding, kind.length);
  const body = Buffer.concat([prefix, json, Buffer.alloc(padding, ' '), ...bytes]);
  return Buffer.concat([body, checksum(body)]);
}

/** The header, and what gives the arrays of places. Throws, naming `what` it should be, where the bytes are not a whole, undamaged file of this kind. */
export function decodeContainer(
  kind: string,
  bytes: Buffer,
  what: string,
): { readonly header: unknown; readonly arrays: (places: Places) => Arrays } {
  const prefix = kind.length + 4;
  if (bytes.length < prefix + CHECKSUM_BYTES || bytes.toString('latin1', 0, kind.length) !== kind) {
    throw new Error(`is not a ${what} file`);
  }
  const end = bytes.length - CHECKSUM_BYTES;
  const arraysAt = prefix + bytes.readUInt32LE(kind.length);
  const intact = checksum(bytes.subarray(0, end)).equals(bytes.subarray(end));
  if (!intact || arraysAt > end) throw new Error('is damaged: its checksum does not fit');
  const array = ({ type, offset, length }: ArrayPlace): Float32Array | Int32Array => {
    const from = bytes.byteOffset + arraysAt + offset;
    // A copy: the file's buffer must not live as long as the arrays, nor need it be aligned.
    const buffer = bytes.buffer.slice(from, from + length * 4) as ArrayBuffer;
    return type === 'f32' ? new Float32Array(buffer) : new Int32Array(buffer);
  };
  return {
    header: JSON.parse(bytes.toString('utf8', prefix, arraysAt)),
    arrays: (places) => Object.fromEntries(Object.entries(places).map(([name, at]) => [name, array(at)])),
  };
}

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
