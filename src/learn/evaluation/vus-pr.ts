import { descending } from './ranking.ts';
import { type Segment, segmentsOf } from './segments.ts';

/** Thresholds at which precision and recall are looked at, evenly spread over the ranks. */
const THRESHOLDS = 250;

/**
 * Volume under the precision-recall surface (Paparrizos et al., VLDB 2022; the measure of TSB-AD, NeurIPS 2024): the mean
 * over buffer widths 0 to `window` of a range-aware average precision. A buffer of `width` rows lets half of it before and
 * half of it after each segment count by sqrt(1 - distance / width), so that an alarm just beside a segment is not simply
 * wrong; recall is multiplied by the share of segments that were touched at all. NaN without labelled rows.
 */
export function vusPr(score: Float32Array, labels: Uint8Array, window: number): number {
  const segments = segmentsOf(labels);
  if (segments.length === 0) return Number.NaN;
  const ranked = rankRows(score);
  const hits = countsAt(ranked, labels);
  let volume = 0;
  for (let width = 0; width <= window; width++) {
    const weights = buffered(labels, segments, width);
    const peaks = merged(segments, width, labels.length).map(({ first, last }) =>
      score.subarray(first, last + 1).reduce((high, value) => Math.max(high, value)),
    );
    volume += rangeAwarePrecision(ranked, { weighted: countsAt(ranked, weights), hits, peaks });
  }
  return volume / (window + 1);
}

interface Ranked {
  readonly order: Uint32Array;
  /** The thresholds, descending, and how many rows reach each. */
  readonly levels: Float64Array;
  readonly predicted: Uint32Array;
}

function rankRows(score: Float32Array): Ranked {
  const order = descending(score);
  const last = order.length - 1;
  const step = last / (THRESHOLDS - 1);
  const levels = new Float64Array(THRESHOLDS);
  const predicted = new Uint32Array(THRESHOLDS);
  let reached = 0;
  for (let index = 0; index < THRESHOLDS; index++) {
    const rank = index === THRESHOLDS - 1 ? last : Math.trunc(index * step);
    levels[index] = score[order[rank]!]!;
    while (reached < order.length && score[order[reached]!]! >= levels[index]!) reached++;
    predicted[index] = reached;
  }
  return { order, levels, predicted };
}

/** The sum of `weights` over the rows that reach each threshold. */
function countsAt({ order, predicted }: Ranked, weights: Uint8Array | Float64Array): Float64Array {
  const sums = new Float64Array(THRESHOLDS);
  let sum = 0;
  let rank = 0;
  for (let index = 0; index < THRESHOLDS; index++) {
    for (; rank < predicted[index]!; rank++) sum += weights[order[rank]!]!;
    sums[index] = sum;
  }
  return sums;
}

/** The labels with their buffers; where buffers overlap they add up, to 1 at most. */
function buffered(labels: Uint8Array, segments: readonly Segment[], width: number): Float64Array {
  const weights = Float64Array.from(labels, (label) => (label === 0 ? 0 : 1));
  if (width === 0) return weights;
  const half = width >> 1;
  for (const { first, last } of segments) {
    const end = Math.min(last + half, labels.length - 1);
    for (let row = last + 1; row <= end; row++) weights[row]! += Math.sqrt(1 - (row - last) / width);
    for (let row = Math.max(first - half, 0); row < first; row++)
      weights[row]! += Math.sqrt(1 - (first - row) / width);
  }
  return weights.map((weight) => Math.min(weight, 1));
}

/** The segments with half a buffer on either side, those that touch joined. */
function merged(segments: readonly Segment[], width: number, rows: number): readonly Segment[] {
  const half = width >> 1;
  const joined: { first: number; last: number }[] = [];
  for (const segment of segments) {
    const first = Math.max(segment.first - half, 0);
    const last = Math.min(segment.last + half, rows - 1);
    const before = joined.at(-1);
    if (before && before.last >= first) before.last = last;
    else joined.push({ first, last });
  }
  return joined;
}

interface Surface {
  readonly weighted: Float64Array;
  readonly hits: Float64Array;
  /** The highest score in each buffered segment. */
  readonly peaks: readonly number[];
}

/** Average precision of one buffer width. */
function rangeAwarePrecision({ levels, predicted }: Ranked, { weighted, hits, peaks }: Surface): number {
  const descendingPeaks = peaks.toSorted((a, b) => b - a);
  const positives = hits.at(-1)!;
  let area = 0;
  let before = 0;
  let touched = 0;
  for (let index = 0; index < THRESHOLDS; index++) {
    while (touched < peaks.length && descendingPeaks[touched]! >= levels[index]!) touched++;
    // As many rows count as positive as the mean of the labels alone and the labels with their buffers.
    const wanted = positives + (weighted[index]! - hits[index]!) / 2;
    const recall = Math.min(weighted[index]! / wanted, 1) * (touched / peaks.length);
    area += (recall - before) * (weighted[index]! / predicted[index]!);
    before = recall;
  }
  return area;
}
