import { DRIFT_EDGES, type DriftedMetric, type DriftReference, type DriftState } from '../model/drift.ts';
import type { MachineModel } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';
import { standardise } from '../model/scaling.ts';
import { LONGEST_STEP_MS } from '../model/settling.ts';

/**
 * Drift is measured metric by metric with the population stability index, sum (a - e) ln(a / e) over bins with the shares
 * e of the training and a of the latest window (the symmetric divergence of Jeffreys; in use since Lewis, 1994). By
 * custom below 0.1 nothing has changed and above 0.25 much has (Siddiqi, 2006). That is for independent values: a
 * machine's metrics wander, so that a metric has drifted only when its index is also twice what a quarter of the training
 * itself had against the whole.
 */
const BINS = DRIFT_EDGES.length + 1;
const LEAST_LIMIT = 0.25;
const WANDER_FACTOR = 2;
/** Blocks of the training that are held against the whole. */
const BLOCKS = 4;
const SHORTEST_WINDOW_MS = 30 * 60_000;
/** The window moves on by so many steps. */
const SLOTS = 6;
/** Counted into each bin beforehand (Krichevsky and Trofimov): an empty bin is no proof that nothing ever falls there. */
const PRIOR = 0.5;
/** From this share of the metrics on, and two of them at least, a model is to be trained anew. */
const DUE_SHARE = 0.1;
const LEAST_DUE = 2;

/** What later rows are held against: the standardised rows of a training in the order of time. */
export function driftReference(standardised: Matrix, stepSeconds: number): DriftReference {
  const { rows, columns, data } = standardised;
  const counts = Array.from({ length: BLOCKS }, () => new Float64Array(columns * BINS));
  for (let row = 0; row < rows; row++) {
    count(counts[Math.floor((row * BLOCKS) / rows)]!, data.subarray(row * columns, (row + 1) * columns));
  }
  const all = new Float64Array(columns * BINS);
  for (const block of counts) for (let bin = 0; bin < all.length; bin++) all[bin]! += block[bin]!;
  const shares = Array.from({ length: columns }, (_, column) => Array.from(sharesOf(all, column), rounded));
  const wander = shares.map((expected, column) =>
    rounded(Math.max(...counts.map((block) => stability(expected, sharesOf(block, column))))),
  );
  return { windowMs: Math.max(SHORTEST_WINDOW_MS, (rows * stepSeconds * 1000) / BLOCKS), shares, wander };
}

/** Holds the latest window of rows against the training of the model that scores them. Some microseconds a row. */
export class DriftMonitor {
  readonly #features: readonly string[];
  readonly #scaling: MachineModel['scaling'];
  readonly #reference: DriftReference;
  readonly #scaled: Float32Array;
  readonly #slots: Float64Array[];
  #slot = 0;
  #slotMs = 0;
  #seenMs = 0;
  #lastAt: number | undefined;
  #checkedAt: number | undefined;
  #drifted: readonly DriftedMetric[] = [];

  /** Of a model that knows what its training looked like. */
  constructor({ features, scaling }: Pick<MachineModel, 'features' | 'scaling'>, reference: DriftReference) {
    this.#features = features;
    this.#scaling = scaling;
    this.#reference = reference;
    this.#scaled = new Float32Array(features.length);
    this.#slots = Array.from({ length: SLOTS }, () => new Float64Array(features.length * BINS));
  }

  /** A row of the model's features, in their own units, of a moment when the machine was as it usually is. */
  observe(row: Float32Array, at: number): void {
    const step = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    if (!(step > 0 && step <= LONGEST_STEP_MS)) return;
    standardise(this.#scaling, row, this.#scaled);
    count(this.#slots[this.#slot]!, this.#scaled);
    this.#seenMs += step;
    this.#slotMs += step;
    if (this.#slotMs < this.#reference.windowMs / SLOTS) return;
    this.#slotMs = 0;
    this.#slot = (this.#slot + 1) % SLOTS;
    if (this.#seenMs >= this.#reference.windowMs) this.#check(at);
    this.#slots[this.#slot]!.fill(0);
  }

  state(): DriftState {
    const metrics = this.#features.length;
    return {
      windowMs: this.#reference.windowMs,
      seenMs: Math.min(this.#seenMs, this.#reference.windowMs),
      checkedAt: this.#checkedAt,
      metrics,
      drifted: this.#drifted,
      due: this.#drifted.length >= Math.max(LEAST_DUE, DUE_SHARE * metrics),
    };
  }

  #check(at: number): void {
    const { shares, wander } = this.#reference;
    const all = new Float64Array(this.#features.length * BINS);
    for (const slot of this.#slots) for (let bin = 0; bin < all.length; bin++) all[bin]! += slot[bin]!;
    this.#checkedAt = at;
    this.#drifted = this.#features
      .map((metric, column) => ({
        metric,
        index: rounded(stability(shares[column]!, sharesOf(all, column))),
        limit: rounded(Math.max(LEAST_LIMIT, WANDER_FACTOR * wander[column]!)),
      }))
      .filter(({ index, limit }) => index > limit)
      .sort((one, other) => other.index / other.limit - one.index / one.limit);
  }
}

function count(into: Float64Array, scaled: Float32Array): void {
  for (let column = 0; column < scaled.length; column++) {
    const value = scaled[column]!;
    if (Number.isNaN(value)) continue;
    let bin = 0;
    while (bin < DRIFT_EDGES.length && value >= DRIFT_EDGES[bin]!) bin++;
    into[column * BINS + bin]!++;
  }
}

function sharesOf(counts: Float64Array, column: number): Float64Array {
  const part = counts.subarray(column * BINS, (column + 1) * BINS);
  const sum = part.reduce((total, one) => total + one, 0) + BINS * PRIOR;
  return part.map((one) => (one + PRIOR) / sum);
}

/** The population stability index of two lists of shares, none of them zero. */
function stability(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let index = 0;
  for (let bin = 0; bin < BINS; bin++) {
    index += (actual[bin]! - expected[bin]!) * Math.log(actual[bin]! / expected[bin]!);
  }
  return index;
}

/** Five digits tell all that matters, and take a third of the room in a model file. */
const rounded = (value: number): number => Number(value.toPrecision(5));
