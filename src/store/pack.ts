/**
 * A pack: the columns of several entries (series, processes) over the same moments.
 *
 *     pack    = 1 | flags | payload, as one zstd frame if flags has WHOLE (then its length comes first)
 *     payload = moments | first moment, ms | column of the distances | entries | columns an entry
 *               | a (distance to the previous id, length of each column) for every entry | the columns
 *
 * Short packs of many entries (the tail) are squeezed whole. Long packs of few entries have a frame for each column: its
 * own statistics fit it better, and one series is read without unpacking its neighbours.
 */
import { ByteReader, ByteWriter } from './bytes.ts';
import { expand, type Quantum, quantum, readColumn, squeeze, writeColumn } from './column.ts';

/** Values by column, each as long as the pack has moments; NaN where there is none. */
export interface Entry {
  readonly id: number;
  readonly columns: readonly Float64Array[];
}

/** The quantum of every column of an entry. */
export type Quanta = (id: number) => readonly Quantum[];

const VERSION = 1;
const WHOLE = 1;
const WHOLE_LEVEL = 3;
const MILLISECOND = quantum(1);

const head = new ByteWriter();
const body = new ByteWriter();
const reader = new ByteReader(new Uint8Array());

/**
 * `at`: whole ms, ascending, each once, at least one. `entries`: by ascending id, all with as many columns.
 * The result shares no memory.
 */
export function encodePack(
  at: Float64Array,
  entries: readonly Entry[],
  quanta: Quanta,
  whole: boolean,
): Uint8Array {
  head.clear();
  body.clear();
  head.varint(at.length);
  head.varint(at[0]!);
  const distances = new ByteWriter();
  writeColumn(
    distances,
    Float64Array.from(at.subarray(1), (moment, index) => moment - at[index]!),
    MILLISECOND,
    !whole,
  );
  head.varint(distances.length);
  head.append(distances.view());
  head.varint(entries.length);
  head.varint(entries[0]?.columns.length ?? 0);
  let previous = 0;
  for (const { id, columns } of entries) {
    head.varint(id - previous);
    previous = id;
    const steps = quanta(id);
    for (const [index, column] of columns.entries()) {
      const start = body.length;
      writeColumn(body, column, steps[index]!, !whole);
      head.varint(body.length - start);
    }
  }
  const payload = Buffer.concat([head.view(), body.view()]);
  if (!whole) return Buffer.concat([Uint8Array.of(VERSION, 0), payload]);
  const length = new ByteWriter();
  length.varint(payload.length);
  return Buffer.concat([Uint8Array.of(VERSION, WHOLE), length.view(), squeeze(payload, WHOLE_LEVEL)]);
}

/** A pack opened: its moments and where its columns lie. Columns are decoded when asked for. */
export class Pack {
  readonly at: Float64Array;
  readonly ids: readonly number[];
  readonly #bytes: Uint8Array;
  /** Where an entry's columns begin in `#ends`, by id. */
  readonly #first = new Map<number, number>();
  /** Where each column ends; the first value is where the first one begins. */
  #ends: Uint32Array = new Uint32Array(1);
  #width = 0;

  /** Throws where the bytes are damaged. */
  constructor(bytes: Uint8Array) {
    const reader = payloadOf(bytes);
    const moments = reader.varint();
    const first = reader.varint();
    const end = reader.varint() + reader.position;
    const distances = readColumn(
      new ByteReader(reader.bytes, reader.position, end),
      moments - 1,
      MILLISECOND,
    );
    reader.position = end;
    this.at = new Float64Array(moments);
    this.at[0] = first;
    for (let index = 1; index < moments; index++)
      this.at[index] = this.at[index - 1]! + distances[index - 1]!;
    this.#bytes = reader.bytes;
    this.ids = this.#readDirectory(reader);
  }

  #readDirectory(reader: ByteReader): number[] {
    const count = reader.varint();
    this.#width = reader.varint();
    if (count > reader.end) throw new RangeError('a pack with more entries than bytes');
    const ids: number[] = [];
    const ends = new Uint32Array(count * this.#width + 1);
    let next = 1;
    let id = 0;
    while (ids.length < count) {
      id += reader.varint();
      ids.push(id);
      this.#first.set(id, next);
      for (let column = 0; column < this.#width; column++) ends[next++] = reader.varint();
    }
    ends[0] = reader.position;
    for (let index = 1; index < ends.length; index++) ends[index] = ends[index]! + ends[index - 1]!;
    this.#ends = ends;
    return ids;
  }

  /** The columns of an entry, or undefined where the pack does not hold it. Throws where the bytes are damaged. */
  columns(id: number, quanta: readonly Quantum[]): Float64Array[] | undefined {
    const first = this.#first.get(id);
    if (first === undefined) return undefined;
    const columns: Float64Array[] = [];
    for (let end = first; end < first + this.#width; end++) {
      reader.reset(this.#bytes, this.#ends[end - 1]!, this.#ends[end]!);
      columns.push(readColumn(reader, this.at.length, quanta[end - first]!));
    }
    return columns;
  }
}

function payloadOf(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== VERSION) throw new RangeError('a pack of an unknown format');
  if ((reader.byte() & WHOLE) === 0) return reader;
  const length = reader.varint();
  return new ByteReader(expand(bytes.subarray(reader.position), length));
}
