import type { FrameColumns } from './answers.ts';

type Cell = number | null;

export interface LineColumns {
  readonly mean: Cell[];
  readonly min: Cell[];
  readonly max: Cell[];
}

/** A hole is a gap when it is wider than this many steps. */
const GAP_STEPS = 2.5;

/**
 * The points of one chart: one row a moment, one line a series, null where there is nothing. A row of nulls stands in
 * each hole of time, so that a chart breaks its lines there.
 */
export class Columns {
  readonly at: number[] = [];
  readonly lines: readonly LineColumns[];
  readonly #keys: readonly string[];
  /** What one row stands for. */
  readonly stepMs: number;
  /** Samples that the last row stands for. */
  #inLast = 1;

  constructor(keys: readonly string[], frames: readonly FrameColumns[], stepSeconds: number) {
    this.#keys = keys;
    this.lines = keys.map(() => ({ mean: [], min: [], max: [] }));
    const times = [...new Set(frames.flatMap((frame) => frame.at))].sort((one, other) => one - other);
    this.stepMs = Math.max(stepSeconds * 1000, typicalStep(times));
    for (const at of times) this.#push(at);
    for (const frame of frames) this.#fill(frame);
    this.#inLast = Math.max(1, Math.round(this.stepMs / 1000 / 2));
  }

  get lastAt(): number | undefined {
    return this.at.at(-1);
  }

  /** The last row that has a value in some line. */
  get lastRow(): number {
    return this.at.length - 1;
  }

  #push(at: number): void {
    const last = this.at.at(-1);
    if (last !== undefined && at - last > this.stepMs * GAP_STEPS) this.#row(last + this.stepMs);
    this.#row(at);
  }

  #row(at: number): void {
    this.at.push(at);
    for (const { mean, min, max } of this.lines) {
      mean.push(null);
      min.push(null);
      max.push(null);
    }
  }

  #fill(frame: FrameColumns): void {
    const line = this.lines[this.#keys.indexOf(frame.metric)];
    if (!line) return;
    let row = 0;
    frame.at.forEach((at, index) => {
      while (this.at[row] !== at) row++;
      line.mean[row] = frame.mean[index] ?? null;
      line.min[row] = frame.min[index] ?? null;
      line.max[row] = frame.max[index] ?? null;
    });
  }

  /** The same points `ms` later. */
  shifted(ms: number): Columns {
    const moved = new Columns(this.#keys, [], this.stepMs / 1000);
    for (const at of this.at) moved.at.push(at + ms);
    moved.lines.forEach((line, index) => {
      const { mean, min, max } = this.lines[index]!;
      line.mean.push(...mean);
      line.min.push(...min);
      line.max.push(...max);
    });
    return moved;
  }

  /** As a table for other programs: a row a moment, for each line its mean, least and most. */
  csv(): string {
    const head = this.#keys.flatMap((key) => [key, `${key} min`, `${key} max`]);
    const rows = this.at.map((at, row) => [
      new Date(at).toISOString(),
      ...this.lines.flatMap(({ mean, min, max }) =>
        [mean, min, max].map((column) => (column[row] == null ? '' : String(column[row]))),
      ),
    ]);
    return [['time', ...head], ...rows].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
  }

  /**
   * Adds a live sample and drops what lies before `from`. Where a row stands for more than one sample, the sample joins
   * the row of its interval. Older than the last row: ignored (it came twice).
   */
  append(at: number, values: Readonly<Record<string, number>>, from: number): void {
    const slot = this.stepMs > 1500 ? Math.floor(at / this.stepMs) * this.stepMs : at;
    const last = this.lastAt;
    if (last !== undefined && slot < last) return;
    if (last !== undefined && slot === last && slot === at) return;
    if (slot === last) this.#inLast++;
    else {
      this.#push(slot);
      this.#inLast = 1;
    }
    const row = this.lastRow;
    this.#keys.forEach((key, index) => {
      this.#join(this.lines[index]!, row, values[key]);
    });
    this.#dropBefore(from);
  }

  #join(line: LineColumns, row: number, value: number | undefined): void {
    if (value === undefined) return;
    const mean = line.mean[row];
    line.mean[row] = mean == null ? value : mean + (value - mean) / this.#inLast;
    line.min[row] = Math.min(line.min[row] ?? value, value);
    line.max[row] = Math.max(line.max[row] ?? value, value);
  }

  /** One row before `from` stays: the line enters from the edge. */
  #dropBefore(from: number): void {
    let count = 0;
    while (count + 1 < this.at.length && this.at[count + 1]! < from) count++;
    // Moving arrays at each sample would cost more than a few rows off the chart.
    if (count < 16) return;
    this.at.splice(0, count);
    for (const { mean, min, max } of this.lines)
      for (const column of [mean, min, max]) column.splice(0, count);
  }
}

/** A cell as RFC 4180 has it. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The median distance of neighbours: what is collected each 5 s is no row of gaps at a step of 1 s. */
function typicalStep(times: readonly number[]): number {
  const steps = times.slice(1, 200).map((at, index) => at - times[index]!);
  return steps.sort((one, other) => one - other)[steps.length >> 1] ?? 0;
}
