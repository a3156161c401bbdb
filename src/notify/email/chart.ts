import { type Colour, encodePng } from '../../lib/png.ts';

/** Pixels; it is shown at half of that, so that it is sharp on fine screens too. */
const CHART = { width: 1120, height: 260 } as const;

const LINE = 4;
/** Share of the height that stays free above and below. */
const MARGIN = 0.06;

const PALETTE: readonly Colour[] = [
  [255, 255, 255],
  [207, 232, 213],
  [253, 226, 221],
  [222, 211, 196],
  [31, 78, 140],
  [140, 148, 158],
];
const PAPER = 0;
const USUAL = 1;
const UNUSUAL = 2;
const BOTH = 3;
const SEEN = 4;
const FRAME = 5;

export interface ChartInput {
  /** ms since the epoch and value, by time; at least two. */
  readonly points: readonly (readonly [number, number])[];
  /** What was expected. */
  readonly low: number;
  readonly high: number;
  /** The metric cannot be more: 1 for a share. */
  readonly most?: number;
  /** The incident, ms. */
  readonly since: number;
  readonly until: number;
}

/** What the vertical axis spans. */
export interface Scale {
  readonly bottom: number;
  readonly top: number;
}

/** What is seen and what is expected, and a little more. */
export function scaleOf({ points, low, high, most = Number.POSITIVE_INFINITY }: ChartInput): Scale {
  let [least, largest] = [low, high];
  for (const [, value] of points) {
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  const room = (largest - least || Math.abs(largest) || 1) * MARGIN;
  const top = largest <= most ? Math.min(most, largest + room) : largest + room;
  // Hardly anything that is measured goes below zero: the axis must not say so.
  return { bottom: least >= 0 ? Math.max(0, least - room) : least - room, top };
}

/** A line over the band of what is usual, the time of the incident shaded: PNG. */
export function drawChart(input: ChartInput): Buffer {
  const { points, low, high, since, until } = input;
  const { width, height } = CHART;
  const { bottom, top } = scaleOf(input);
  const [begin, end] = [points[0]![0], points.at(-1)![0]];
  const column = (at: number): number => Math.round(((at - begin) / (end - begin || 1)) * (width - 1));
  // A line at the edge is still seen whole.
  const line = (value: number): number =>
    Math.round(
      LINE + ((top - Math.min(top, Math.max(bottom, value))) / (top - bottom)) * (height - 1 - 2 * LINE),
    );
  const pixels = new Uint8Array(width * height);
  const [shadeFrom, shadeTo] = [column(since), column(until)];
  const [bandFrom, bandTo] = [line(high), line(low)];
  for (let y = 0; y < height; y++) {
    const usual = y >= bandFrom && y <= bandTo;
    const begins = y * width;
    pixels.fill(usual ? USUAL : PAPER, begins, begins + width);
    if (shadeFrom < width && shadeTo >= 0)
      pixels.fill(
        usual ? BOTH : UNUSUAL,
        begins + Math.max(0, shadeFrom),
        begins + Math.min(width, shadeTo + 1),
      );
  }
  const dot = (x: number, y: number): void => {
    for (let dy = -LINE / 2; dy < LINE / 2; dy++)
      for (let dx = -LINE / 2; dx < LINE / 2; dx++)
        if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height)
          pixels[(y + dy) * width + x + dx] = SEEN;
  };
  let [x, y] = [column(points[0]![0]), line(points[0]![1])];
  for (const [at, value] of points) {
    const [nextX, nextY] = [column(at), line(value)];
    const steps = Math.max(1, Math.abs(nextX - x), Math.abs(nextY - y));
    for (let step = 0; step <= steps; step++)
      dot(Math.round(x + ((nextX - x) * step) / steps), Math.round(y + ((nextY - y) * step) / steps));
    [x, y] = [nextX, nextY];
  }
  frame(pixels, width, height);
  return encodePng(width, PALETTE, pixels);
}

function frame(pixels: Uint8Array, width: number, height: number): void {
  for (const edge of [0, 1]) {
    pixels.fill(FRAME, (height - 1 - edge) * width, (height - edge) * width);
    for (let y = 0; y < height; y++) pixels[y * width + edge] = FRAME;
  }
}
