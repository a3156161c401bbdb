import type { History } from '../model/history.ts';
import type { Matrix } from '../model/matrix.ts';
import { Settling } from '../model/settling.ts';

export interface Period {
  /** ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
}

/** A period that is not to be learned; `isReal`: however long it lasted. */
export interface ExcludedPeriod extends Period {
  readonly isReal?: true;
}

const HOUR = 3_600_000;
/** A row with fewer of its values than this share says too little about the machine. */
const LEAST_PRESENT = 0.5;

/**
 * Rows of features out of the history: one for each `stepSeconds` in which most of them were seen, in the order of
 * time. Rows in an excluded period, and those of a start, are left out. Asks hour by hour: a day of points at once would not fit beside the daemon.
 */
export function assemble(
  history: History,
  features: readonly string[],
  period: Period,
  stepSeconds: number,
  excluded: readonly Period[],
): Matrix {
  const step = stepSeconds * 1000;
  const most = Math.max(0, Math.ceil((period.to - period.from) / step));
  const rows = new RowList(most, features.length);
  const settling = new Settling();
  for (let from = period.from; from < period.to; from += HOUR) {
    const to = Math.min(period.to, from + HOUR);
    const slots = Math.ceil((to - from) / step);
    const chunk = readChunk(history, features, { from, to }, step, slots);
    for (let slot = 0; slot < slots; slot++) {
      const at = from + slot * step;
      if (excluded.some((one) => at >= one.from && at < one.to)) {
        settling.observe(at);
        continue;
      }
      const row = chunk.subarray(slot * features.length, (slot + 1) * features.length);
      if (saysEnough(row) && !settling.observe(at)) rows.add(row, at);
    }
  }
  return rows.matrix();
}

/** All slots of an hour, NaN where nothing was seen. */
function readChunk(
  history: History,
  features: readonly string[],
  { from, to }: Period,
  step: number,
  slots: number,
): Float32Array {
  const chunk = new Float32Array(slots * features.length).fill(Number.NaN);
  const answer = history.query({ metrics: features, from, to, resolution: 1, maxPoints: HOUR / 1000 });
  for (const frame of answer.frames) {
    const column = features.indexOf(frame.metric);
    if (column < 0) continue;
    for (let point = 0; point < frame.at.length; point++) {
      const slot = Math.floor((frame.at[point]! - from) / step);
      if (slot >= 0 && slot < slots) chunk[slot * features.length + column] = frame.mean[point]!;
    }
  }
  return chunk;
}

function saysEnough(row: Float32Array): boolean {
  let present = 0;
  for (const value of row) if (!Number.isNaN(value)) present++;
  return present > 0 && present >= row.length * LEAST_PRESENT;
}

/** Gathers rows in memory that is taken once. */
class RowList {
  readonly #data: Float32Array;
  readonly #at: Float64Array;
  readonly #columns: number;
  #rows = 0;

  constructor(most: number, columns: number) {
    this.#data = new Float32Array(most * columns);
    this.#at = new Float64Array(most);
    this.#columns = columns;
  }

  add(row: Float32Array, at: number): void {
    this.#data.set(row, this.#rows * this.#columns);
    this.#at[this.#rows++] = at;
  }

  matrix(): Matrix {
    return {
      rows: this.#rows,
      columns: this.#columns,
      data: this.#data.subarray(0, this.#rows * this.#columns),
      at: this.#at.subarray(0, this.#rows),
    };
  }
}
