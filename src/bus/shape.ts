import { LENGTH, Reader } from './wire-reader.ts';

/** The fields of a message that are messages themselves, by number. All others are numbers, text or bytes. */
export type Shape = ReadonlyMap<number, Shape>;

const shape = (...fields: [number, Shape][]): Shape => new Map(fields);
const FLAT = shape();

export const FLOW = FLAT;
/** Its `os_metadata` is a map: a list of messages. */
export const PROCESS = shape([101, FLAT]);
export const CHANGE = shape([2, PROCESS]);
export const METRICS = shape([1, FLAT]);
export const ANOMALY = FLAT;
export const BREACH = FLAT;
export const COVERAGE = shape([2, FLAT]);
export const HOST = FLAT;

/** Whether the bytes are a message of this shape all the way down; what is in its numbers and texts is not looked at. */
export const isWellFormed = (bytes: Uint8Array, of: Shape): boolean =>
  walk(new Reader(bytes), bytes.length, of);

function walk(reader: Reader, end: number, of: Shape): boolean {
  while (reader.at < end) {
    const tag = reader.tag();
    if (!tag) return false;
    const nested = tag.type === LENGTH ? of.get(tag.number) : undefined;
    if (nested) {
      const length = reader.length();
      if (length === undefined || reader.at + length > end) return false;
      if (!walk(reader, reader.at + length, nested)) return false;
    } else if (!reader.pass(tag.type)) return false;
  }
  return reader.at === end;
}
