import uPlot from 'uplot';
import type { Anomaly } from '../src/model/anomaly.ts';
import { formatValue } from '../src/model/display.ts';
import type { Columns } from './columns.ts';
import { tickTimes } from './format.ts';
import { anomalies, bands, period, selected, serverNow, status } from './state.ts';
import { colour } from './theme.ts';

export const COLOURS = 8;
export const lineColour = (index: number): string => `--line-${index % COLOURS}`;

export interface PlotLine {
  readonly key: string;
  readonly shown: boolean;
}

export interface PlotOptions {
  readonly unit: string;
  readonly lines: readonly PlotLine[];
  readonly height: number;
  /** The score: zones of severity, and every anomaly marked. */
  readonly score?: boolean;
  /** Left out: the period that all charts show together. */
  readonly period?: () => { readonly from: number; readonly to: number };
  /** Row under the cursor, or undefined when it left. */
  onCursor(row: number | undefined): void;
  /** A period was drawn with the mouse. */
  onSelect(from: number, to: number): void;
}

const SYNC = 'time';
const FONT = '11px system-ui, sans-serif';

/** One chart on a canvas. The data, the shown lines and the period are read again at each `draw`. */
export class Plot {
  readonly #plot: uPlot;
  readonly #options: PlotOptions;
  #columns: Columns;
  #shown: boolean[];

  constructor(root: HTMLElement, columns: Columns, options: PlotOptions) {
    this.#options = options;
    this.#columns = columns;
    this.#shown = options.lines.map(({ shown }) => shown);
    this.#plot = new uPlot(this.#config(root.clientWidth), this.#data(), root);
  }

  draw(columns: Columns = this.#columns): void {
    this.#columns = columns;
    this.#plot.setData(this.#data());
  }

  /** Paints the same data again: colours, bands or marks changed. */
  repaint(): void {
    this.#plot.redraw(false, true);
  }

  show(index: number, shown: boolean): void {
    this.#shown[index] = shown;
    this.#plot.setSeries(index + 1, { show: shown });
  }

  resize(width: number): void {
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: this.#options.height });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #data(): uPlot.AlignedData {
    return [this.#columns.at, ...this.#columns.lines.map(({ mean }) => mean)];
  }

  #config(width: number): uPlot.Options {
    const { unit, lines, height, onCursor, onSelect } = this.#options;
    const shown = this.#options.period ?? period;
    return {
      width,
      height,
      ms: 1,
      legend: { show: false },
      padding: [8, 10, 0, 0],
      cursor: {
        ...(this.#options.period ? {} : { sync: { key: SYNC, scales: ['x', null] } }),
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
      },
      scales: {
        x: { time: true, range: () => [shown().from, shown().to] },
        y: { range: (_, low, high) => this.#range(low, high) },
      },
      axes: [
        {
          stroke: () => colour('--muted'),
          grid: { show: false },
          ticks: { show: false },
          font: FONT,
          size: 22,
          gap: 4,
          space: 70,
          values: (_, ticks, __, ___, increment) => tickTimes(ticks, increment),
        },
        {
          stroke: () => colour('--muted'),
          grid: { stroke: () => colour('--grid'), width: 1 },
          ticks: { show: false },
          font: FONT,
          size: 58,
          gap: 6,
          space: 34,
          values: (_, ticks) => ticks.map((tick) => (this.#options.score ? '' : formatValue(tick, unit))),
        },
      ],
      series: [
        {},
        ...lines.map(({ shown }, index) => ({
          show: shown,
          stroke: () => colour(this.#options.score ? '--ink' : lineColour(index)),
          width: 1.5,
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: {
        drawClear: [(plot) => this.#background(plot)],
        setCursor: [(plot) => onCursor(plot.cursor.idx ?? undefined)],
        setSelect: [
          (plot) => {
            const { left, width: chosen } = plot.select;
            if (chosen < 6) return;
            onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + chosen, 'x'));
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    };
  }

  /** From zero, so that small changes look small; temperatures and frequencies have no useful zero. */
  #range(low: number | null, high: number | null): [number, number] {
    const { unit, lines, score } = this.#options;
    const thresholds = status.peek()?.score?.thresholds;
    if (score) return [0, Math.max((high ?? 0) * 1.06, (thresholds?.HIGH ?? 4) * 1.2, 1)];
    const reaches = lines
      .filter((_, index) => this.#hasBand(index))
      .map(({ key }) => bands.peek()[key]?.high ?? 0);
    const top = Math.max(high ?? 0, ...reaches);
    if ((unit === 'Cel' || unit === 'Hz') && low !== null && high !== null) {
      const margin = Math.max((high - low) * 0.3, high * 0.05);
      return [Math.max(0, low - margin), high + margin];
    }
    const least = unit === '1' ? 0.01 : unit.startsWith('By') ? 1000 : unit === 's' ? 0.001 : 1;
    return [0, unit === '1' && top > 0.9 && top <= 1 ? 1 : Math.max(top * 1.08, least)];
  }

  /** More than three bands on one chart say nothing: then only the first line has its band. */
  #hasBand(index: number): boolean {
    if (!this.#shown[index]) return false;
    const shown = this.#shown.filter(Boolean).length;
    return shown <= 3 || index === this.#shown.indexOf(true);
  }

  #background(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (this.#options.score) this.#zones(plot);
    const marked = selected.peek();
    const marks = this.#options.score ? (anomalies.peek() ?? []) : [];
    for (const anomaly of marks) if (anomaly !== marked) this.#mark(plot, anomaly, false);
    if (marked) this.#mark(plot, marked, true);
    this.#options.lines.forEach(({ key }, index) => {
      if (this.#shown[index]) this.#reach(plot, index);
      if (this.#hasBand(index)) this.#band(plot, key, lineColour(index));
    });
    ctx.restore();
    if (this.#options.score) this.#zoneNames(plot);
  }

  /** Where the metric usually is: a tinted strip with dashed edges. */
  #band(plot: uPlot, key: string, variable: string): void {
    const band = bands.peek()[key];
    if (!band) return;
    const { ctx, bbox } = plot;
    const top = plot.valToPos(band.high, 'y', true);
    const bottom = plot.valToPos(band.low, 'y', true);
    ctx.fillStyle = colour(variable);
    ctx.globalAlpha = 0.1;
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(2, bottom - top));
    ctx.globalAlpha = 0.45;
    ctx.strokeStyle = colour(variable);
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const y of [top, bottom]) {
      ctx.beginPath();
      ctx.moveTo(bbox.left, Math.round(y) + 0.5);
      ctx.lineTo(bbox.left + bbox.width, Math.round(y) + 0.5);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  /** From the least to the most of each point: what the mean of a minute hides. */
  #reach(plot: uPlot, index: number): void {
    const { ctx } = plot;
    const { at } = this.#columns;
    const { min, max, mean } = this.#columns.lines[index]!;
    const width = Math.max(1, (plot.bbox.width / Math.max(1, at.length)) * 0.9);
    ctx.fillStyle = colour(this.#options.score ? '--muted' : lineColour(index));
    ctx.globalAlpha = 0.16;
    at.forEach((time, row) => {
      const [low, high] = [min[row], max[row]];
      if (low == null || high == null || mean[row] == null || low === high) return;
      const top = plot.valToPos(high, 'y', true);
      ctx.fillRect(
        plot.valToPos(time, 'x', true) - width / 2,
        top,
        width,
        plot.valToPos(low, 'y', true) - top,
      );
    });
    ctx.globalAlpha = 1;
  }

  #mark(plot: uPlot, anomaly: Anomaly, strong: boolean): void {
    const { ctx, bbox } = plot;
    const left = plot.valToPos(anomaly.since, 'x', true);
    const right = plot.valToPos(anomaly.closedAt ?? serverNow(), 'x', true);
    const width = Math.max(3 * devicePixelRatio, right - left);
    ctx.fillStyle = colour(`--${anomaly.severity.toLowerCase()}`);
    ctx.globalAlpha = strong ? 0.14 : 0.07;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = strong ? 1 : 0.6;
    ctx.fillRect(left, bbox.top, width, (strong ? 4 : 3) * devicePixelRatio);
    if (strong)
      for (const x of [left, left + width]) ctx.fillRect(x - 1, bbox.top, devicePixelRatio, bbox.height);
    ctx.globalAlpha = 1;
  }

  /** From the bottom up: each severity with the scores between which it lies. */
  #zoneEdges(plot: uPlot) {
    const thresholds = status.peek()?.score?.thresholds;
    if (!thresholds) return [];
    const top = plot.scales.y?.max ?? thresholds.HIGH;
    const edges = [thresholds.LOW, thresholds.MEDIUM, thresholds.HIGH, top];
    return (['LOW', 'MEDIUM', 'HIGH'] as const).map((severity, index) => ({
      severity,
      bottom: plot.valToPos(edges[index]!, 'y', true),
      top: plot.valToPos(edges[index + 1]!, 'y', true),
    }));
  }

  #zones(plot: uPlot): void {
    const { ctx, bbox } = plot;
    for (const { severity, bottom, top } of this.#zoneEdges(plot)) {
      ctx.fillStyle = colour(`--${severity.toLowerCase()}`);
      ctx.globalAlpha = 0.12;
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
      ctx.globalAlpha = 0.5;
      ctx.fillRect(bbox.left, bottom - devicePixelRatio, bbox.width, devicePixelRatio);
      ctx.globalAlpha = 1;
    }
  }

  #zoneNames(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    ctx.font = `600 ${10 * devicePixelRatio}px system-ui, sans-serif`;
    for (const { severity, bottom, top } of this.#zoneEdges(plot)) {
      ctx.fillStyle = colour(`--${severity.toLowerCase()}`);
      ctx.fillText(severity, bbox.left - 7 * devicePixelRatio, (top + bottom) / 2);
    }
    ctx.restore();
  }
}
