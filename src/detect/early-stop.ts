import type { LearnContext } from '../model/detector.ts';

/** What learns in rounds. */
export interface Rounds {
  /** Learns for a round; the mean squared error of the rows, each as it was before it was learned. */
  round(): number;
  /** The mean squared error on rows that are not learned from. */
  validationError(): number;
  /** A copy. */
  parameters(): Float32Array;
}

/** The parameters that did best on the validation block, their mean squared error there, and after how many rounds they were reached. */
export interface Learned {
  readonly parameters: Float32Array;
  readonly validationError: number;
  readonly rounds: number;
}

/** An error that fell by less than 1 % did not fall. */
const LEAST_GAIN = 0.99;

/** Learns for at most `rounds`, and no further once `patience` of them brought nothing on the validation block. */
export function learnInRounds(
  trainer: Rounds,
  { rounds, patience }: { readonly rounds: number; readonly patience: number },
  context: LearnContext,
): Learned {
  let best: Learned | undefined;
  let sinceBest = 0;
  for (let round = 1; round <= rounds && sinceBest < patience; round++) {
    const trainError = trainer.round();
    const error = trainer.validationError();
    if (!best || error < best.validationError * LEAST_GAIN) {
      best = { parameters: trainer.parameters(), validationError: error, rounds: round };
      sinceBest = 0;
    } else sinceBest++;
    context.loss?.(round, trainError, error);
    context.progress(round / rounds);
  }
  context.progress(1);
  return best!;
}
