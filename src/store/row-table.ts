import type { Frame, History, HistoryQuery } from '../model/history.ts';
import type { Series } from '../model/metric.ts';

/** So many rows are kept, the latest ones: a day of seconds. */
const MOST_ROWS = 86_400;
/** Rows are gathered, and dropped, in blocks. */
const BLOCK_ROWS = 1024;
const MINUTE = 60_000;
const MOST_OTHERS = 5000;

interface Block {
  rows: number;
  readonly at: Float64Array;
  /** rows x columns; NaN where a value is missing. */
  readonly data: Float32Array;
}

/** Minutes of a series that is not kept by the second. */
interface Minutes {
  readonly series: Series;
  readonly at: number[];
  readonly sum: number[];
  readonly count: number[];
  readonly min: number[];
  readonly max: number[];
}

interface Sample {
  readonly at: number;
  readonly series: Series;
  readonly value: number;
}

/** Samples in the order of time, in little memory, to be asked as a history. */
export class RowTable {
  readonly #columns = new Map<string, number>();
  readonly #others = new Map<string, Minutes>();
  readonly #units = new Map<string, string>();
  #blocks: Block[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;

  /** `seconds`: keys of the series that are kept as they are. */
  constructor(seconds: Iterable<string>) {
    for (const key of seconds) this.#columns.set(key, this.#columns.size);
  }

  /** Says what is wrong with a sample that cannot be taken. */
  add(sample: Sample): string | undefined {
    if (sample.at < this.#lastAt) return 'is older than a line before it: sort the file by time';
    this.#lastAt = sample.at;
    const column = this.#columns.get(sample.series.key);
    if (column === undefined) return this.#addMinute(sample);
    this.#units.set(sample.series.key, sample.series.definition.unit);
    const block = this.#blockFor(sample.at);
    block.data[(block.rows - 1) * this.#columns.size + column] = sample.value;
    return undefined;
  }

  get rows(): number {
    return this.#blocks.reduce((sum, { rows }) => sum + rows, 0);
  }

  get firstAt(): number {
    return this.#blocks[0]?.at[0] ?? Number.NaN;
  }

  get lastAt(): number {
    const block = this.#blocks.at(-1);
    return block ? block.at[block.rows - 1]! : Number.NaN;
  }

  /** The usual (median) time between rows, whole seconds; 1 where there is but one row. */
  get stepSeconds(): number {
    const steps: number[] = [];
    for (const { rows, at } of this.#blocks)
      for (let row = 1; row < rows; row++) steps.push(at[row]! - at[row - 1]!);
    const median = steps.sort((one, other) => one - other)[steps.length >> 1] ?? 1000;
    return Math.max(1, Math.round(median / 1000));
  }

  history(): History {
    return {
      series: () =>
        [...this.#units].map(([key, unit]) => {
          const minutes = this.#others.get(key)?.at;
          const [firstAt, lastAt] = minutes ? [minutes[0]!, minutes.at(-1)!] : [this.firstAt, this.lastAt];
          return { key, unit, firstAt, lastAt };
        }),
      query: (query) => ({
        stepSeconds: query.resolution ?? 60,
        frames: query.metrics.map((metric) => this.#frame(metric, query)),
      }),
      processHistory: () => [],
      processesAt: () => undefined,
      anomalies: () => [],
      breaches: () => [],
    };
  }

  #blockFor(at: number): Block {
    let block = this.#blocks.at(-1);
    if (block && block.at[block.rows - 1] === at) return block;
    if (!block || block.rows === BLOCK_ROWS) {
      const data = new Float32Array(BLOCK_ROWS * this.#columns.size).fill(Number.NaN);
      block = { rows: 0, at: new Float64Array(BLOCK_ROWS), data };
      this.#blocks.push(block);
      if (this.#blocks.length > Math.ceil(MOST_ROWS / BLOCK_ROWS) + 1) this.#dropOldest();
    }
    block.at[block.rows++] = at;
    return block;
  }

  #dropOldest(): void {
    this.#blocks = this.#blocks.slice(1);
    for (const [key, { at, sum, count, min, max }] of this.#others) {
      let old = at.findIndex((minute) => minute >= this.firstAt);
      if (old < 0) old = at.length;
      for (const list of [at, sum, count, min, max]) list.splice(0, old);
      if (at.length === 0) {
        this.#others.delete(key);
        this.#units.delete(key);
      }
    }
  }

  #addMinute({ at, series, value }: Sample): string | undefined {
    const minute = Math.floor(at / MINUTE) * MINUTE;
    let minutes = this.#others.get(series.key);
    if (!minutes) {
      if (this.#others.size >= MOST_OTHERS) return `is of one series more than ${MOST_OTHERS}`;
      minutes = { series, at: [], sum: [], count: [], min: [], max: [] };
      this.#others.set(series.key, minutes);
      this.#units.set(series.key, series.definition.unit);
    }
    const last = minutes.at.length - 1;
    if (last >= 0 && minutes.at[last] === minute) {
      minutes.sum[last]! += value;
      minutes.count[last]!++;
      minutes.min[last] = Math.min(minutes.min[last]!, value);
      minutes.max[last] = Math.max(minutes.max[last]!, value);
      return undefined;
    }
    minutes.at.push(minute);
    minutes.sum.push(value);
    minutes.count.push(1);
    minutes.min.push(value);
    minutes.max.push(value);
    return undefined;
  }

  #frame(metric: string, query: HistoryQuery): Frame {
    const unit = this.#units.get(metric) ?? '';
    const column = this.#columns.get(metric);
    return column === undefined
      ? minuteFrame(metric, unit, this.#others.get(metric), query)
      : this.#rowFrame(metric, unit, column, query);
  }

  #rowFrame(metric: string, unit: string, column: number, { from, to }: HistoryQuery): Frame {
    const times: number[] = [];
    const values: number[] = [];
    for (const { rows, at, data } of this.#blocks) {
      if (at[0]! >= to || at[rows - 1]! < from) continue;
      for (let row = 0; row < rows; row++) {
        const value = data[row * this.#columns.size + column]!;
        if (at[row]! < from || at[row]! >= to || Number.isNaN(value)) continue;
        times.push(at[row]!);
        values.push(value);
      }
    }
    const mean = Float64Array.from(values);
    return { metric, unit, at: Float64Array.from(times), mean, min: mean, max: mean };
  }
}

function minuteFrame(
  metric: string,
  unit: string,
  minutes: Minutes | undefined,
  { from, to }: HistoryQuery,
): Frame {
  const places = minutes
    ? [...minutes.at.keys()].filter((place) => within(minutes.at[place]!, from, to))
    : [];
  const column = (value: (place: number) => number): Float64Array => Float64Array.from(places, value);
  return {
    metric,
    unit,
    at: column((place) => minutes!.at[place]!),
    mean: column((place) => minutes!.sum[place]! / minutes!.count[place]!),
    min: column((place) => minutes!.min[place]!),
    max: column((place) => minutes!.max[place]!),
  };
}

const within = (at: number, from: number, to: number): boolean => at >= from && at < to;
