import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { errorMessage } from '../lib/errors.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { type Breach, isBreach } from '../model/breach.ts';
import type {
  FindingsQuery,
  Frame,
  History,
  HistoryAnswer,
  HistoryQuery,
  PastProcesses,
  ProcessPoint,
  SeriesSummary,
} from '../model/history.ts';
import { parseSeriesKey } from '../model/metric.ts';
import type { ListedProcess, ProcessIdentity, ProcessUsage } from '../model/process.ts';
import type { Quantum } from './column.ts';
import {
  type ChunkKind,
  ceilTo,
  floorTo,
  HOUR,
  PROCESS_QUANTA,
  PROCESSES_A_PART,
  type RolledKind,
  SERIES_A_PART,
  STEP,
  type TailKind,
  WINDOW,
} from './kinds.ts';
import { Pack } from './pack.ts';
import { MAX, MEAN, MIN, NO_POINTS, overlay, type Points, rollUp, select, union } from './points.ts';
import type { NumberedIdentity } from './process-minutes.ts';
import { type Plan, plan } from './resolution.ts';
import type { SeriesTable } from './series-table.ts';
import type { TailRow } from './tail.ts';

/** What the writer holds and the file does not have yet. */
export interface Unsaved {
  rows(): readonly TailRow[];
  identity(id: string): NumberedIdentity | undefined;
  identityOf(number: number): ProcessIdentity | undefined;
  anomalies(): readonly (Anomaly | Breach)[];
}

const NOTHING_UNSAVED: Unsaved = {
  rows: () => [],
  identity: () => undefined,
  identityOf: () => undefined,
  anomalies: () => [],
};

/** So long before a moment the processes of another minute still stand for it, ms. */
const LOOK_BACK = 5 * 60_000;

/** Points by the id of their series or process. */
type PointsById = Map<number, Points>;

const partSize = (kind: ChunkKind): number => (kind === 'process' ? PROCESSES_A_PART : SERIES_A_PART);
const tailOf = (kind: 'raw' | 'process'): TailKind => (kind === 'raw' ? 'metrics' : 'process');

/** The query side of the history. Answers are made of chunks, of the tail, and of what is not saved yet. */
export class Reader implements History {
  readonly table: SeriesTable;
  readonly #unsaved: Unsaved;
  readonly #damaged: (what: string) => void;
  readonly #windows: StatementSync;
  readonly #chunk: StatementSync;
  readonly #tail: StatementSync;
  readonly #tailHours: StatementSync;
  readonly #kept: StatementSync;
  readonly #process: StatementSync;
  readonly #identity: StatementSync;
  readonly #processChunks: StatementSync;
  readonly #anomalies: StatementSync;

  /** `damaged` is told of packs that cannot be decoded: they are gaps in every answer. */
  constructor(
    db: DatabaseSync,
    table: SeriesTable,
    damaged: (what: string) => void,
    unsaved: Unsaved = NOTHING_UNSAVED,
  ) {
    this.table = table;
    this.#unsaved = unsaved;
    this.#damaged = damaged;
    this.#windows = db.prepare(
      'SELECT DISTINCT window FROM chunk WHERE kind = ? AND window >= ? AND window < ? ORDER BY window',
    );
    this.#chunk = db.prepare('SELECT pack FROM chunk WHERE kind = ? AND window = ? AND part = ?');
    this.#tail = db.prepare(
      'SELECT id, pack FROM tail WHERE kind = ? AND hour >= ? AND hour < ? ORDER BY id',
    );
    this.#tailHours = db.prepare('SELECT DISTINCT hour FROM tail WHERE kind = ?');
    this.#kept = db.prepare('SELECT since FROM kept WHERE kind = ?');
    this.#process = db.prepare('SELECT id, identity FROM process WHERE name = ?');
    this.#identity = db.prepare('SELECT identity FROM process WHERE id = ?');
    this.#processChunks = db.prepare(
      "SELECT part, pack FROM chunk WHERE kind = 'process' AND window = ? ORDER BY part",
    );
    this.#anomalies = db.prepare(
      `SELECT state FROM anomaly WHERE since < ? AND (closed_at IS NULL OR closed_at >= ?)
         AND (state ->> 'kind' IN ('threshold', 'forecast')) = ? ORDER BY since DESC, id LIMIT ?`,
    );
  }

  series(): readonly SeriesSummary[] {
    const ends = new Map<number, number>();
    for (const { pack } of this.#tailPacks('metrics', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
      for (const id of pack.ids) ends.set(id, Math.max(ends.get(id) ?? 0, pack.at.at(-1)!));
    }
    const summaries = new Map<string, SeriesSummary>();
    for (const { id, key, unit, firstAt, lastAt } of this.table.all()) {
      const other = summaries.get(key);
      summaries.set(key, {
        key,
        unit,
        firstAt: Math.min(firstAt, other?.firstAt ?? firstAt),
        lastAt: Math.max(lastAt, ends.get(id) ?? 0, other?.lastAt ?? 0),
      });
    }
    return [...summaries.values()];
  }

  query(query: HistoryQuery): HistoryAnswer {
    const { kind, stepMs } = plan(query, (asked) => this.keptSince(asked));
    const ids = new Set(query.metrics.flatMap((key) => this.table.withKey(key).map(({ id }) => id)));
    const exact = kind === 'raw' && stepMs === 1000;
    const from = exact ? query.from : floorTo(query.from, stepMs);
    const to = exact ? query.to : ceilTo(query.to, stepMs);
    const points = to > from ? this.#load(kind, ids, from, to) : new Map<number, Points>();
    const frames = query.metrics.map((key) => {
      const stored = this.table.withKey(key);
      const all = union(stored.map(({ id }) => points.get(id) ?? NO_POINTS));
      const merged = exact || (kind !== 'raw' && stepMs === STEP[kind]) ? all : rollUp(all, stepMs);
      return frame(key, stored.at(-1)?.unit ?? parseSeriesKey(key)?.definition.unit ?? '', merged);
    });
    return { stepSeconds: stepMs / 1000, frames };
  }

  /** Since when a kind is complete: what came before was dropped, by age or by the disk cap. */
  keptSince(kind: ChunkKind): number {
    return Number(this.#kept.get(kind)?.since ?? Number.NEGATIVE_INFINITY);
  }

  #load(kind: Plan['kind'], ids: ReadonlySet<number>, from: number, to: number): PointsById {
    return kind === 'raw' ? this.recorded('raw', ids, from, to) : this.#rolled(kind, ids, from, to);
  }

  /**
   * What was recorded: chunks and the tail together. Seen twice, the later writing counts. `tail`: its packs, where the
   * caller has them open.
   */
  recorded(
    kind: 'raw' | 'process',
    ids: ReadonlySet<number>,
    from: number,
    to: number,
    tail: Iterable<Opened> = this.#tailPacks(tailOf(kind), floorTo(from, HOUR), to),
  ): PointsById {
    const pieces = new Map<number, Points[]>();
    const gather = (pack: Pack, what: string): void => {
      if (pack.at[0]! >= to || pack.at.at(-1)! < from) return;
      for (const id of ids.size < pack.ids.length ? ids : pack.ids) {
        if (!ids.has(id)) continue;
        const columns = this.columns(kind, id, { pack, what });
        if (!columns) continue;
        const piece = select({ at: pack.at, columns }, from, to);
        const others = pieces.get(id);
        if (others) others.push(piece);
        else pieces.set(id, [piece]);
      }
    };
    for (const { pack, what } of this.#chunkPacks(kind, ids, from, to)) gather(pack, what);
    for (const { pack, what } of tail) gather(pack, what);
    return new Map([...pieces].map(([id, all]) => [id, union(all)]));
  }

  /** Rolled-up chunks, and over them what the tail makes of its hours. */
  #rolled(kind: RolledKind, ids: ReadonlySet<number>, from: number, to: number): PointsById {
    const points = this.chunks(kind, ids, from, to);
    for (const hour of this.#hoursInTail()) {
      if (hour >= to || hour + HOUR <= from) continue;
      for (const [id, raw] of this.recorded('raw', ids, hour, hour + HOUR)) {
        const fresh = select(rollUp(raw, STEP[kind]), from, to);
        points.set(id, overlay(points.get(id) ?? NO_POINTS, fresh));
      }
    }
    return points;
  }

  /** Compacted points of a rolled-up kind. */
  chunks(kind: RolledKind, ids: ReadonlySet<number>, from: number, to: number): PointsById {
    const pieces = new Map<number, Points[]>();
    for (const { pack, what } of this.#chunkPacks(kind, ids, from, to)) {
      for (const id of ids) {
        const columns = this.columns(kind, id, { pack, what });
        if (!columns) continue;
        const piece = fromStored(select({ at: pack.at, columns }, from, to));
        pieces.set(id, [...(pieces.get(id) ?? []), piece]);
      }
    }
    return new Map([...pieces].map(([id, all]) => [id, union(all)]));
  }

  #quanta(kind: ChunkKind, id: number): readonly Quantum[] | undefined {
    if (kind === 'process') return PROCESS_QUANTA;
    const quanta = this.table.get(id)?.quanta;
    return kind === 'raw' ? quanta?.raw : quanta?.rolled;
  }

  *#chunkPacks(kind: ChunkKind, ids: ReadonlySet<number>, from: number, to: number): Generator<Opened> {
    const parts = new Set([...ids].map((id) => Math.floor(id / partSize(kind))));
    for (const row of this.#windows.all(kind, floorTo(from, WINDOW[kind]), to)) {
      const window = Number(row.window);
      for (const part of parts) {
        const row = this.#chunk.get(kind, window, part);
        const opened =
          row && this.open(row.pack, `${kind} chunk ${part} of ${new Date(window).toISOString()}`);
        if (opened) yield opened;
      }
    }
  }

  *#tailPacks(kind: TailKind, fromHour: number, to: number): Generator<Opened> {
    const from = Math.max(fromHour, Number.MIN_SAFE_INTEGER);
    const end = Math.min(to, Number.MAX_SAFE_INTEGER);
    for (const row of this.#tail.iterate(kind, from, end)) {
      const opened = this.open(row.pack, `row ${row.id} of the tail`);
      if (opened) yield opened;
    }
    for (const { kind: other, hour, pack } of this.#unsaved.rows()) {
      if (other !== kind || hour < from || hour >= end) continue;
      const opened = this.open(pack, 'an unsaved row');
      if (opened) yield opened;
    }
  }

  #hoursInTail(): number[] {
    const stored = this.#tailHours.all('metrics').map(({ hour }) => Number(hour));
    const unsaved = this.#unsaved.rows().flatMap(({ kind, hour }) => (kind === 'metrics' ? [hour] : []));
    return [...new Set([...stored, ...unsaved])].sort((a, b) => a - b);
  }

  /** A pack, or undefined and a report where it is damaged. */
  open(bytes: unknown, what: string): Opened | undefined {
    try {
      if (!(bytes instanceof Uint8Array)) throw new RangeError('it holds no bytes');
      return { pack: new Pack(bytes), what };
    } catch (error) {
      this.#damaged(`${what} cannot be read: ${errorMessage(error)}`);
      return undefined;
    }
  }

  /** The columns of an entry; undefined where the pack has none, or, reported, where they are damaged. */
  columns(kind: ChunkKind, id: number, { pack, what }: Opened): Float64Array[] | undefined {
    const quanta = this.#quanta(kind, id);
    try {
      return quanta && pack.columns(id, quanta);
    } catch (error) {
      this.#damaged(`${what} cannot be read: ${errorMessage(error)}`);
      return undefined;
    }
  }

  processHistory(id: string, from: number, to: number): readonly ProcessPoint[] {
    const number = this.processNumber(id);
    if (number === undefined || !(to > from)) return [];
    const points = this.recorded('process', new Set([number]), from, to).get(number);
    const [rss, cpu, read, write, threads] = points?.columns ?? [];
    if (!points || !rss || !cpu || !read || !write || !threads) return [];
    return Array.from(points.at, (at, index) => ({
      at,
      cpu: cpu[index]!,
      rss: rss[index]!,
      readRate: read[index]!,
      writeRate: write[index]!,
      threads: threads[index]!,
    }));
  }

  processesAt(at: number): PastProcesses | undefined {
    const hours = [...new Set([floorTo(at, HOUR), floorTo(at - LOOK_BACK, HOUR)])];
    const packs = hours.flatMap((hour) => [...this.#processPacks(hour)]);
    let minute = Number.NEGATIVE_INFINITY;
    for (const { pack } of packs)
      for (const moment of pack.at)
        if (moment <= at && moment > at - LOOK_BACK && moment > minute) minute = moment;
    const found = new Map<number, ListedProcess>();
    for (const opened of packs) this.#gatherProcesses(opened, minute, found);
    return found.size === 0 ? undefined : { at: minute, processes: [...found.values()] };
  }

  /** Every pack that holds processes of that hour. */
  *#processPacks(hour: number): Generator<Opened> {
    for (const row of this.#processChunks.iterate(hour)) {
      const opened = this.open(row.pack, `process chunk ${row.part} of ${new Date(hour).toISOString()}`);
      if (opened) yield opened;
    }
    yield* this.#tailPacks('process', hour, hour + HOUR);
  }

  #gatherProcesses(opened: Opened, minute: number, found: Map<number, ListedProcess>): void {
    const row = opened.pack.at.indexOf(minute);
    if (row < 0) return;
    for (const number of opened.pack.ids) {
      const columns = this.columns('process', number, opened);
      const known = columns?.map((column) => column[row]!).map((value) => (value >= 0 ? value : undefined));
      if (!known || known.every((value) => value === undefined)) continue;
      const identity = this.#identityOf(number);
      if (!identity) continue;
      const [rss, cpu, readRate, writeRate, threads] = known;
      const usage = { rss, cpu, readRate, writeRate, threads };
      found.set(number, { ...identity, ...(usage as Partial<ProcessUsage>) });
    }
  }

  #identityOf(number: number): ProcessIdentity | undefined {
    const unsaved = this.#unsaved.identityOf(number);
    if (unsaved) return unsaved;
    const row = this.#identity.get(number);
    return row ? (JSON.parse(String(row.identity)) as ProcessIdentity) : undefined;
  }

  /** The number that packs know a process by. */
  processNumber(id: string): number | undefined {
    const unsaved = this.#unsaved.identity(id);
    if (unsaved) return unsaved.number;
    const row = this.#process.get(id);
    return row ? Number(row.id) : undefined;
  }

  /** What a process was when it was last seen; undefined where the history does not know it. */
  processIdentity(id: string): ProcessIdentity | undefined {
    const unsaved = this.#unsaved.identity(id);
    if (unsaved) return unsaved.identity;
    const row = this.#process.get(id);
    return row ? (JSON.parse(String(row.identity)) as ProcessIdentity) : undefined;
  }

  anomalies(query: FindingsQuery): readonly Anomaly[] {
    return this.#findings(query, false) as readonly Anomaly[];
  }

  breaches(query: FindingsQuery): readonly Breach[] {
    return this.#findings(query, true) as readonly Breach[];
  }

  #findings(query: FindingsQuery, breaches: boolean): readonly (Anomaly | Breach)[] {
    const from = query.from ?? Number.MIN_SAFE_INTEGER;
    const to = query.to ?? Number.MAX_SAFE_INTEGER;
    const limit = query.limit ?? Number.MAX_SAFE_INTEGER;
    const found = new Map<string, Anomaly | Breach>();
    const unsaved = this.#unsaved.anomalies().filter((finding) => isBreach(finding) === breaches);
    for (const row of this.#anomalies.iterate(to, from, breaches ? 1 : 0, limit + unsaved.length)) {
      const finding = JSON.parse(String(row.state)) as Anomaly | Breach;
      found.set(finding.id, finding);
    }
    for (const finding of unsaved) {
      found.delete(finding.id);
      if (finding.since < to && (finding.closedAt ?? to) >= from) found.set(finding.id, finding);
    }
    return [...found.values()].sort((a, b) => b.since - a.since || (a.id < b.id ? -1 : 1)).slice(0, limit);
  }
}

export interface Opened {
  readonly pack: Pack;
  readonly what: string;
}

function frame(metric: string, unit: string, { at, columns }: Points): Frame {
  const mean = columns[MEAN] ?? new Float64Array();
  return { metric, unit, at, mean, min: columns[MIN] ?? mean, max: columns[MAX] ?? mean };
}

/** Rolled-up points as chunks hold them: minimum, mean - minimum, maximum - minimum. All small, two never negative. */
export function toStored({ at, columns }: Points): Points {
  const [mean, low, high] = columns as [Float64Array, Float64Array, Float64Array];
  return {
    at,
    columns: [low, mean.map((value, i) => value - low[i]!), high.map((value, i) => value - low[i]!)],
  };
}

function fromStored({ at, columns }: Points): Points {
  const [low, above, range] = columns;
  if (!low || !above || !range) return NO_POINTS;
  return {
    at,
    columns: [above.map((value, i) => low[i]! + value), low, range.map((value, i) => low[i]! + value)],
  };
}
