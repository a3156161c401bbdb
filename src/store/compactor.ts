import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type ChunkKind,
  floorTo,
  HOUR,
  PROCESS_QUANTA,
  PROCESSES_A_PART,
  SERIES_A_PART,
  STEP,
  type TailKind,
  WINDOW,
} from './kinds.ts';
import { encodePack, type Quanta } from './pack.ts';
import { align, overlay, type Points, rollUp, select, union } from './points.ts';
import { type Opened, type Reader, toStored } from './query.ts';
import { transaction } from './sqlite.ts';

/** An hour of the tail on its way into chunks, one part after the other. */
interface Job {
  readonly kind: TailKind;
  readonly hour: number;
  /** Rows up to this one are in the chunks when the job ends; later ones wait for the next job. */
  readonly lastRow: number;
  /** Those rows, opened once for all parts: about a byte a sample. */
  readonly tail: readonly Opened[];
  readonly parts: number[];
}

/** So many short rows of the hour that is being written are merged into one: a query then opens tens, not hundreds. */
const ROWS_TO_MERGE = 12;
/** A row of so many samples is long. */
const LONG_ROW = 8000;
/** Samples merged in one slice: some milliseconds of work. */
const SLICE_SAMPLES = 16_000;

/**
 * Turns the tail into chunks, a slice at a time, so that the thread that samples is never held up for long.
 *
 * Each slice is one transaction, and a pure function of what is stored: chunk = chunk joined with tail. Cut off between
 * slices, the same rows are in a chunk and in the tail, readers count them once, and doing it again changes nothing. The
 * rows of the tail go last.
 */
export class Compactor {
  readonly #db: DatabaseSync;
  readonly #reader: Reader;
  readonly #nextHour: StatementSync;
  readonly #packs: StatementSync;
  readonly #rows: StatementSync;
  readonly #replace: StatementSync;
  readonly #seen: StatementSync;
  readonly #seenProcess: StatementSync;
  #job: Job | undefined;

  constructor(db: DatabaseSync, reader: Reader) {
    this.#db = db;
    this.#reader = reader;
    this.#nextHour = db.prepare(
      'SELECT hour, max(id) AS last FROM tail WHERE kind = ? GROUP BY hour ORDER BY hour',
    );
    this.#packs = db.prepare('SELECT id, pack FROM tail WHERE kind = ? AND hour = ? AND id <= ? ORDER BY id');
    this.#rows = db.prepare('SELECT id, samples FROM tail WHERE kind = ? AND hour = ? ORDER BY id');
    this.#replace = db.prepare(
      'INSERT OR REPLACE INTO chunk (kind, window, part, samples, pack) VALUES (?, ?, ?, ?, ?)',
    );
    this.#seen = db.prepare(
      'UPDATE series SET first_at = min(first_at, ?), last_at = max(last_at, ?) WHERE id = ?',
    );
    this.#seenProcess = db.prepare('UPDATE process SET last_at = max(last_at, ?) WHERE id = ?');
  }

  /**
   * Does one slice; false when there is nothing to do. `busy`: the hours that are still being written. Throws what
   * SQLite throws (a full disk): nothing is lost, the slice is done again at the next call.
   */
  slice(busy: ReadonlySet<number>): boolean {
    const job = this.#job ?? this.#next('metrics', busy) ?? this.#next('process', busy);
    if (!job) return this.#mergeShortRows(busy);
    if (this.#job !== job) {
      this.#job = job;
      return true;
    }
    const part = job.parts.at(-1);
    if (part === undefined) {
      this.#db
        .prepare('DELETE FROM tail WHERE kind = ? AND hour = ? AND id <= ?')
        .run(job.kind, job.hour, job.lastRow);
      this.#job = undefined;
      return true;
    }
    transaction(this.#db, () => this.#compact(job, part));
    job.parts.pop();
    return true;
  }

  #next(kind: TailKind, busy: ReadonlySet<number>): Job | undefined {
    const row = this.#nextHour.all(kind).find(({ hour }) => !busy.has(Number(hour)));
    if (!row) return undefined;
    const hour = Number(row.hour);
    const lastRow = Number(row.last);
    const size = kind === 'metrics' ? SERIES_A_PART : PROCESSES_A_PART;
    const parts = new Set<number>();
    const tail: Opened[] = [];
    for (const { id: row, pack } of this.#packs.iterate(kind, hour, lastRow)) {
      const opened = this.#reader.open(pack, `row ${row} of the tail`);
      if (!opened) continue;
      tail.push(opened);
      for (const id of opened.pack.ids) parts.add(Math.floor(id / size));
    }
    return { kind, hour, lastRow, tail, parts: [...parts].sort((a, b) => b - a) };
  }

  #compact({ kind, hour, tail }: Job, part: number): void {
    if (kind === 'process') {
      const ids = new Set(idsOf(part, PROCESSES_A_PART));
      const points = this.#reader.recorded('process', ids, hour, hour + HOUR, tail);
      this.#write('process', hour, part, points, () => PROCESS_QUANTA);
      for (const [id, { at }] of points) if (at.length > 0) this.#seenProcess.run(at.at(-1)!, id);
      return;
    }
    const ids = new Set(idsOf(part, SERIES_A_PART));
    const raw = this.#reader.recorded('raw', ids, hour, hour + HOUR, tail);
    this.#write('raw', hour, part, raw, (id) => this.#reader.table.get(id)!.quanta.raw);
    for (const rolled of ['minute', 'hour'] as const) {
      const window = floorTo(hour, WINDOW[rolled]);
      const points = this.#reader.chunks(rolled, ids, window, window + WINDOW[rolled]);
      for (const [id, recorded] of raw) {
        const fresh = rollUp(recorded, STEP[rolled]);
        const known = points.get(id);
        points.set(id, known ? overlay(known, fresh) : fresh);
      }
      const stored = new Map([...points].map(([id, all]) => [id, toStored(all)]));
      this.#write(rolled, window, part, stored, (id) => this.#reader.table.get(id)!.quanta.rolled);
    }
    for (const [id, { at }] of raw) {
      if (at.length === 0) continue;
      this.#seen.run(at[0]!, at.at(-1)!, id);
      this.#reader.table.saw(id, at[0]!, at.at(-1)!);
    }
  }

  #write(
    kind: ChunkKind,
    window: number,
    part: number,
    points: ReadonlyMap<number, Points>,
    quanta: Quanta,
  ): void {
    const packed = this.#pack(points, quanta, false);
    if (packed) this.#replace.run(kind, window, part, packed.samples, packed.pack);
  }

  /** The merged row takes the place of the last of its rows, so that what was written later still comes later. */
  #mergeShortRows(hours: ReadonlySet<number>): boolean {
    for (const hour of hours) {
      const short = this.#rows
        .all('metrics', hour)
        .map((row) => ({ id: Number(row.id), samples: Number(row.samples) }))
        .filter(({ samples }) => samples < LONG_ROW);
      if (short.length < ROWS_TO_MERGE) continue;
      let samples = 0;
      const rows = short.filter((row, index) => {
        samples += row.samples;
        return index < 2 || samples <= SLICE_SAMPLES;
      });
      transaction(this.#db, () => this.#merge(rows.map(({ id }) => id)));
      return true;
    }
    return false;
  }

  #merge(rows: readonly number[]): void {
    const get = this.#db.prepare('SELECT pack FROM tail WHERE id = ?');
    const pieces = new Map<number, Points[]>();
    for (const row of rows) {
      const opened = this.#reader.open(get.get(row)?.pack, `row ${row} of the tail`);
      if (!opened) continue;
      for (const id of opened.pack.ids) {
        const columns = this.#reader.columns('raw', id, opened);
        if (!columns) continue;
        const piece = select(
          { at: opened.pack.at, columns },
          Number.NEGATIVE_INFINITY,
          Number.POSITIVE_INFINITY,
        );
        const others = pieces.get(id);
        if (others) others.push(piece);
        else pieces.set(id, [piece]);
      }
    }
    const packed = this.#pack(
      new Map([...pieces].map(([id, all]) => [id, union(all)])),
      (id) => this.#reader.table.get(id)!.quanta.raw,
      true,
    );
    const last = rows.at(-1)!;
    const drop = this.#db.prepare('DELETE FROM tail WHERE id = ?');
    for (const row of rows) if (row !== last || !packed) drop.run(row);
    if (packed) {
      const update = this.#db.prepare('UPDATE tail SET samples = ?, pack = ? WHERE id = ?');
      update.run(packed.samples, packed.pack, last);
    }
  }

  #pack(
    points: ReadonlyMap<number, Points>,
    quanta: Quanta,
    whole: boolean,
  ): { samples: number; pack: Uint8Array } | undefined {
    const sorted = [...points].filter(([, { at }]) => at.length > 0).sort(([a], [b]) => a - b);
    if (sorted.length === 0) return undefined;
    const samples = sorted.reduce((sum, [, { at }]) => sum + at.length, 0);
    const { at, columns } = align(sorted.map(([, all]) => all));
    const entries = sorted.map(([id], index) => ({ id, columns: columns[index]! }));
    return { samples, pack: encodePack(at, entries, quanta, whole) };
  }
}

function* idsOf(part: number, size: number): Generator<number> {
  for (let id = part * size; id < (part + 1) * size; id++) yield id;
}
