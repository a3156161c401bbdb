/**
 * How high excursions over a threshold rise: a generalised Pareto distribution, the limit law of peaks over a threshold
 * (Pickands, 1975). Here it is the posterior predictive distribution of exponential heights whose mean is uncertain: the fewer
 * excursions were seen, the larger is `shape` and the longer the tail; with many it is exponential.
 */
export interface Excess {
  /** About the mean height. */
  readonly scale: number;
  /** 0, or left out: exponential. Not negative. */
  readonly shape?: number;
}

/** What is assumed of the mean height before anything was seen, and how many excursions that assumption is worth (above 0). */
export interface ExcessPrior {
  readonly scale: number;
  readonly count: number;
}

/**
 * Learns from heights over a threshold. With an inverse gamma prior for the mean (conjugate, of `count` excursions that sum to
 * `count * scale`) the predictive probability of a height above x is (1 + x / sum) ^ -count, both with what was seen added:
 * a Pareto distribution of the second kind (Lomax), which is the generalised one with shape 1 / count.
 */
export function fitExcess(heights: readonly number[], prior: ExcessPrior): Required<Excess> {
  const count = heights.length + prior.count;
  const sum = heights.reduce((total, height) => total + height, 0) + prior.count * prior.scale;
  return { scale: sum / count, shape: 1 / count };
}

/** -ln of the probability that an excursion rises above `height`. Below the threshold it is continued in a straight line. */
export function rareness({ scale, shape = 0 }: Excess, height: number): number {
  const scaled = height / scale;
  return shape === 0 || height <= 0 ? scaled : Math.log1p(shape * scaled) / shape;
}

/** The height that is so rare: the inverse of `rareness`. */
export function heightOf({ scale, shape = 0 }: Excess, nats: number): number {
  return shape === 0 || nats <= 0 ? nats * scale : (scale * Math.expm1(shape * nats)) / shape;
}

/** The highest value of each run over `threshold`; runs less than `apart` samples from each other are one. */
export function excursions(
  signal: Float32Array | Float64Array,
  threshold: number,
  apart: number,
): readonly number[] {
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < signal.length; index++) {
    const value = signal[index]!;
    if (!(value > threshold)) continue;
    if (index - last <= apart) peaks[peaks.length - 1] = Math.max(peaks.at(-1)!, value);
    else peaks.push(value);
    last = index;
  }
  return peaks;
}
