import type { Matrix } from './matrix.ts';
import type { Reconstruction } from './reconstruction.ts';

export interface LearnContext {
  /** The same rows and seed give the same model, bit for bit. */
  readonly seed: number;
  /**
   * Means over five minutes of the weeks before the rows that are held out, standardised: for what an hour of the day or the week is usually like.
   * Left out where `train` is all that is known.
   */
  readonly past?: Matrix;
  /** `done` from 0 to 1. */
  progress(done: number): void;
  /** The mean loss on either block after an epoch (from 1), for the model card; told by detectors that learn in epochs. */
  loss?(epoch: number, train: number, validate: number): void;
}

/** What goes into a model file: small facts as JSON, large arrays as bytes. */
export interface EncodedModel {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, Float32Array | Int32Array>>;
}

/**
 * Scores rows one after the other, seeing nothing later (causal). Its state is only what it has been shown:
 * the same rows in the same order give the same scores.
 */
export interface Scorer {
  /** How unusual the row is, in the detector's own measure: higher is stranger, comparable only with itself. */
  score(row: Float32Array, at: number): number;
  /** The scores of many rows at once, those of `score` within 1e-5; undefined where that is no faster, or each row's score needs those before. */
  scoreAll?(matrix: Matrix): Float32Array;
  /** Adds to `into` how much each feature of the last row contributed; any scale, not negative. Undefined where it cannot say. */
  contributions?(into: Float32Array): void;
  /** Gives back what it holds outside of this program's memory; it is not asked to score any more. */
  close?(): void;
}

/**
 * One way to tell usual from unusual rows. Rows come standardised (`scaling.ts`): 0 is the training's mean, 1 its
 * standard deviation. Tolerates NaN (a missing metric adds nothing to the score).
 * `learn` is pure and deterministic; `train` and `validate` are separate blocks of time, `validate` the later one.
 */
export interface Detector<Model = unknown> {
  readonly name: string;
  /** How much say it has in the combined score, beside the others. */
  readonly weight: number;
  learn(train: Matrix, validate: Matrix, context: LearnContext): Model;
  scorer(model: Model): Scorer;
  encode(model: Model): EncodedModel;
  /** Throws where the parts do not fit together. */
  decode(encoded: EncodedModel): Model;
  /** The same model for other runtimes: only of a detector that is nothing else than that, on rows as they come. */
  reconstruction?(model: Model): Reconstruction;
}
