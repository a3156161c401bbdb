import type { DatabaseSync } from 'node:sqlite';
import type { Series } from '../model/metric.ts';
import { type SeriesQuanta, seriesQuanta } from './kinds.ts';

/** A series as the history knows it. Chunks name it by `id`; unit and precision are those that it was written with. */
export interface StoredSeries {
  readonly id: number;
  readonly key: string;
  readonly unit: string;
  readonly precision: number;
  readonly quanta: SeriesQuanta;
  firstAt: number;
  /** As of the last compaction; the tail may hold later values. */
  lastAt: number;
}

/**
 * The series by id and key. A key has more than one id where its precision or unit changed between versions of the
 * program: what was written stays readable as it was written.
 */
export class SeriesTable {
  readonly #db: DatabaseSync;
  readonly #byId = new Map<number, StoredSeries>();
  readonly #byKey = new Map<string, StoredSeries[]>();
  readonly #known = new Map<Series, number>();
  #last = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.load();
  }

  get count(): number {
    return this.#byKey.size;
  }

  /** Reads what another process may have added or dropped. */
  load(): void {
    this.#byId.clear();
    this.#byKey.clear();
    this.#known.clear();
    const rows = this.#db
      .prepare('SELECT id, key, unit, precision, first_at, last_at FROM series ORDER BY id')
      .all();
    for (const row of rows) {
      const precision = Number(row.precision);
      this.#add({
        id: Number(row.id),
        key: String(row.key),
        unit: String(row.unit),
        precision,
        quanta: seriesQuanta(precision),
        firstAt: Number(row.first_at),
        lastAt: Number(row.last_at),
      });
    }
  }

  #add(stored: StoredSeries): void {
    this.#byId.set(stored.id, stored);
    const others = this.#byKey.get(stored.key);
    if (others) others.push(stored);
    else this.#byKey.set(stored.key, [stored]);
    this.#last = Math.max(this.#last, stored.id);
  }

  get(id: number): StoredSeries | undefined {
    return this.#byId.get(id);
  }

  /** Values from `first` to `last` were compacted. */
  saw(id: number, first: number, last: number): void {
    const stored = this.#byId.get(id);
    if (!stored) return;
    stored.firstAt = Math.min(stored.firstAt, first);
    stored.lastAt = Math.max(stored.lastAt, last);
  }

  /** Forgets a series that no chunk holds any more. */
  remove(id: number): void {
    const stored = this.#byId.get(id);
    if (!stored) return;
    this.#byId.delete(id);
    const others = this.withKey(stored.key).filter((other) => other !== stored);
    if (others.length > 0) this.#byKey.set(stored.key, others);
    else this.#byKey.delete(stored.key);
    for (const [series, known] of this.#known) if (known === id) this.#known.delete(series);
  }

  withKey(key: string): readonly StoredSeries[] {
    return this.#byKey.get(key) ?? [];
  }

  all(): Iterable<StoredSeries> {
    return this.#byId.values();
  }

  /** The id of a series that is being written; a new one is handed to `created`, to be inserted with its first values. */
  idOf(series: Series, at: number, created: (stored: StoredSeries) => void): number {
    const known = this.#known.get(series);
    if (known !== undefined) return known;
    const { unit, precision } = series.definition;
    const same = this.withKey(series.key).find(
      (stored) => stored.unit === unit && stored.precision === precision,
    );
    const stored = same ?? this.#create(series, at);
    if (!same) created(stored);
    this.#known.set(series, stored.id);
    return stored.id;
  }

  #create(series: Series, at: number): StoredSeries {
    const { unit, precision } = series.definition;
    const stored: StoredSeries = {
      id: this.#last + 1,
      key: series.key,
      unit,
      precision,
      quanta: seriesQuanta(precision),
      firstAt: at,
      lastAt: at,
    };
    this.#add(stored);
    return stored;
  }
}
