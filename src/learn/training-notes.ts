import type { EncodedModel } from '../model/detector.ts';
import type { LossCurve } from '../model/model-card.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { FitNotes } from './fit.ts';

/** Writes down the losses of a training and, where there is a checkpoint, what it has finished. */
export class TrainingNotes implements FitNotes {
  readonly losses: Record<string, LossCurve> = {};
  readonly #checkpoint: Checkpoint | undefined;

  constructor(checkpoint: Checkpoint | undefined) {
    this.#checkpoint = checkpoint;
  }

  learned(name: string): EncodedModel | undefined {
    const kept = this.#checkpoint?.learned(name);
    if (kept?.losses) this.losses[name] = kept.losses;
    return kept?.encoded;
  }

  keep(name: string, encoded: EncodedModel): void {
    this.#checkpoint?.keep(name, encoded, this.losses[name]);
  }

  loss(name: string, _epoch: number, train: number, validate: number): void {
    const { train: before, validate: beside } = this.losses[name] ?? { train: [], validate: [] };
    this.losses[name] = { train: [...before, rounded(train)], validate: [...beside, rounded(validate)] };
  }
}

/** Five digits are enough for a curve. */
const rounded = (loss: number): number => Number(loss.toPrecision(5));
