import type uPlot from 'uplot';
import type { Severity } from '../src/model/anomaly.ts';
import type { Band } from '../src/model/score.ts';
import type { Columns } from './columns.ts';
import { anomalies, selected, serverNow, status } from './state.ts';
import { colour } from './theme.ts';

/** What lies behind the lines of a chart. All of it is painted in the canvas' own pixels. */

/** Where the metric usually is: a tinted strip with dashed edges. */
export function paintBand(
  { ctx, bbox, valToPos }: uPlot,
  band: Pick<Band, 'low' | 'high'>,
  variable: string,
): void {
  const top = valToPos(band.high, 'y', true);
  const bottom = valToPos(band.low, 'y', true);
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

/** What the line was at the same time of an earlier day: dotted, in its own colour. */
export function paintBefore(
  { ctx, valToPos }: uPlot,
  { at, lines }: Columns,
  index: number,
  variable: string,
): void {
  const { mean } = lines[index]!;
  ctx.strokeStyle = colour(variable);
  ctx.lineWidth = 1.2 * devicePixelRatio;
  ctx.globalAlpha = 0.75;
  ctx.setLineDash([1.5 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  let down = false;
  at.forEach((time, row) => {
    const value = mean[row];
    if (value == null) {
      down = false;
      return;
    }
    const [x, y] = [valToPos(time, 'x', true), valToPos(value, 'y', true)];
    if (down) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    down = true;
  });
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** From the least to the most of each point: what the mean of a minute hides. */
export function paintReach(
  { ctx, valToPos }: uPlot,
  columns: Columns,
  index: number,
  variable: string,
): void {
  const { at, lines } = columns;
  const { min, max } = lines[index]!;
  const step = valToPos(columns.stepMs, 'x', true) - valToPos(0, 'x', true);
  const width = Math.max(1, step * 0.9);
  ctx.fillStyle = colour(variable);
  ctx.globalAlpha = 0.16;
  at.forEach((time, row) => {
    const [low, high] = [min[row], max[row]];
    if (low == null || high == null || low === high) return;
    const top = valToPos(high, 'y', true);
    ctx.fillRect(valToPos(time, 'x', true) - width / 2, top, width, valToPos(low, 'y', true) - top);
  });
  ctx.globalAlpha = 1;
}

/** The period of the chosen anomaly; on the score those of all. */
export function paintMarks(plot: uPlot, all: boolean): void {
  const chosen = selected.peek();
  const others = all ? (anomalies.peek() ?? []) : [];
  for (const anomaly of others) if (anomaly !== chosen) paintMark(plot, anomaly, false);
  if (chosen) paintMark(plot, chosen, true);
}

/** A period of a severity; without an end it lasts. */
export interface Mark {
  readonly since: number;
  readonly closedAt?: number;
  readonly severity: Severity;
}

export function paintMark({ ctx, bbox, valToPos }: uPlot, anomaly: Mark, strong: boolean): void {
  const left = valToPos(anomaly.since, 'x', true);
  const right = valToPos(anomaly.closedAt ?? serverNow(), 'x', true);
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
function zones({ scales, valToPos }: uPlot) {
  const thresholds = status.peek()?.score?.thresholds;
  if (!thresholds) return [];
  const top = scales.y?.max ?? thresholds.HIGH;
  const edges = [thresholds.LOW, thresholds.MEDIUM, thresholds.HIGH, top];
  return (['LOW', 'MEDIUM', 'HIGH'] as const).map((severity, index) => ({
    severity,
    bottom: valToPos(edges[index]!, 'y', true),
    top: valToPos(edges[index + 1]!, 'y', true),
  }));
}

/** The scores that have a severity. */
export function paintZones(plot: uPlot): void {
  const { ctx, bbox } = plot;
  for (const { severity, bottom, top } of zones(plot)) {
    ctx.fillStyle = colour(`--${severity.toLowerCase()}`);
    ctx.globalAlpha = 0.12;
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.globalAlpha = 0.5;
    ctx.fillRect(bbox.left, bottom - devicePixelRatio, bbox.width, devicePixelRatio);
    ctx.globalAlpha = 1;
  }
}

/** Their names, in place of numbers on the axis. */
export function paintZoneNames(plot: uPlot): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  ctx.font = `600 ${10 * devicePixelRatio}px system-ui, sans-serif`;
  // From the top down: the name of a thin zone gives way to the one above it.
  let free = Number.NEGATIVE_INFINITY;
  for (const { severity, bottom, top } of zones(plot).toReversed()) {
    const y = Math.max((top + bottom) / 2, free);
    free = y + 11 * devicePixelRatio;
    ctx.fillStyle = colour(`--${severity.toLowerCase()}`);
    ctx.fillText(severity, bbox.left - 7 * devicePixelRatio, y);
  }
  ctx.restore();
}
