import uPlot from 'uplot';
import { formatValue } from '../src/model/display.ts';
import type { Band } from '../src/model/score.ts';
import type { Columns } from './columns.ts';
import { axisWidth, tickTimes } from './format.ts';
import {
  type Mark,
  paintBand,
  paintBefore,
  paintMark,
  paintMarks,
  paintReach,
  paintZoneNames,
  paintZones,
} from './plot-background.ts';
import { bands, period, status } from './state.ts';
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
  /** Where the first line usually is; left out: as the model says now. */
  readonly band?: Pick<Band, 'low' | 'high'>;
  /** What is marked; left out: the anomaly that is selected. */
  readonly mark?: Mark;
  /** Row under the cursor, or undefined when it left. */
  onCursor(row: number | undefined): void;
  /** A period was drawn with the mouse. */
  onSelect(from: number, to: number): void;
  /** The wheel was turned with Ctrl held, or a pad pinched: `factor` times as much time, around that moment. */
  onZoom?(factor: number, around: number): void;
  /** A moment was double-clicked. */
  onPick?(at: number): void;
  /** It was dragged with Shift held: by so many ms. */
  onMove?(ms: number): void;
}

const SYNC = 'time';
const FONT = '11px system-ui, sans-serif';
const AXIS_GAP = 6;

/** Of a label, CSS px. */
function widthOf(text: string, canvas: CanvasRenderingContext2D): number {
  canvas.save();
  canvas.font = FONT;
  const { width } = canvas.measureText(text);
  canvas.restore();
  return width;
}

/** One chart on a canvas. The data, the shown lines and the period are read again at each `draw`. */
export class Plot {
  readonly #plot: uPlot;
  readonly #options: PlotOptions;
  #columns: Columns;
  /** The same time of an earlier day, moved to where it is compared. */
  #before: Columns | undefined;
  #shown: boolean[];

  constructor(root: HTMLElement, columns: Columns, options: PlotOptions) {
    this.#options = options;
    this.#columns = columns;
    this.#shown = options.lines.map(({ shown }) => shown);
    this.#plot = new uPlot(this.#config(root.clientWidth), this.#data(), root);
  }

  draw(columns: Columns = this.#columns, before: Columns | undefined = this.#before): void {
    this.#columns = columns;
    this.#before = before;
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
        bind: {
          dblclick: (plot) => (event) => {
            this.#options.onPick?.(plot.posToVal(event.offsetX, 'x'));
            return null;
          },
          mousedown: (plot, _, select) => (event) => this.#press(plot, event, select),
        },
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
          // The labels are not known yet when the plot is laid out for the first time.
          size: ({ ctx }, labels) => axisWidth(labels ?? [], 2 * AXIS_GAP, (text) => widthOf(text, ctx)),
          gap: AXIS_GAP,
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
        ready: [(plot) => this.#followWheel(plot)],
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

  /** Shift and the mouse move the time along; without it a period is drawn. */
  #press(plot: uPlot, event: MouseEvent, select: (event: MouseEvent) => null): null {
    const { onMove } = this.#options;
    if (!event.shiftKey || !onMove || event.button !== 0) return select(event);
    let x = event.clientX;
    const drag = (moved: MouseEvent): void => {
      onMove(plot.posToVal(0, 'x') - plot.posToVal(moved.clientX - x, 'x'));
      x = moved.clientX;
    };
    addEventListener('mousemove', drag);
    addEventListener('mouseup', () => removeEventListener('mousemove', drag), { once: true });
    return null;
  }

  /** Browsers tell a pinch as a turn of the wheel with Ctrl. Without Ctrl the wheel is the page's. */
  #followWheel(plot: uPlot): void {
    const { onZoom } = this.#options;
    if (!onZoom) return;
    plot.over.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        onZoom(1.002 ** event.deltaY, plot.posToVal(event.offsetX, 'x'));
      },
      { passive: false },
    );
  }

  /** From zero, so that small changes look small; temperatures and frequencies have no useful zero. */
  #range(low: number | null, high: number | null): [number, number] {
    const { unit, lines, score } = this.#options;
    const thresholds = status.peek()?.score?.thresholds;
    if (score) return [0, Math.max((high ?? 0) * 1.06, (thresholds?.HIGH ?? 4) * 1.2, 1)];
    const banded = lines
      .filter((_, index) => this.#hasBand(index))
      .flatMap(({ key }) => this.#options.band ?? bands.peek()[key] ?? []);
    const highs = [high ?? 0, ...banded.map((band) => band.high), ...this.#ends('max')];
    const top = highs.reduce((one, other) => Math.max(one, other));
    if ((unit === 'Cel' || unit === 'Hz') && low !== null) {
      const lows = [low, ...banded.map((band) => band.low), ...this.#ends('min')];
      const bottom = lows.reduce((one, other) => Math.min(one, other));
      const margin = Math.max((top - bottom) * 0.1, top * 0.02);
      return [Math.max(0, bottom - margin), top + margin];
    }
    const least = unit === '1' ? 0.01 : unit.startsWith('By') ? 1000 : unit === 's' ? 0.001 : 1;
    return [0, unit === '1' && top > 0.9 && top <= 1 ? 1 : Math.max(top * 1.08, least)];
  }

  /** The least or the most of all points of the lines that are shown. */
  #ends(end: 'min' | 'max'): number[] {
    return [this.#columns, ...(this.#before ? [this.#before] : [])].flatMap(({ lines }) =>
      lines.flatMap((line, index) => (this.#shown[index] ? line[end].filter((value) => value !== null) : [])),
    );
  }

  /** More than two bands on one chart hide each other: then only the first line has its own. */
  #hasBand(index: number): boolean {
    if (!this.#shown[index] || this.#options.score) return false;
    const shown = this.#shown.filter(Boolean).length;
    return shown <= 2 || index === this.#shown.indexOf(true);
  }

  #background(plot: uPlot): void {
    const { score = false, lines } = this.#options;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (score) paintZones(plot);
    const { mark } = this.#options;
    if (mark) paintMark(plot, mark, true);
    else paintMarks(plot, score);
    lines.forEach(({ key }, index) => {
      if (!this.#shown[index]) return;
      paintReach(plot, this.#columns, index, score ? '--muted' : lineColour(index));
      const usual = this.#options.band ?? bands.peek()[key];
      const band = this.#hasBand(index) ? usual : undefined;
      if (band) paintBand(plot, band, lineColour(index));
      if (this.#before) paintBefore(plot, this.#before, index, lineColour(index));
    });
    ctx.restore();
    if (score) paintZoneNames(plot);
  }
}
