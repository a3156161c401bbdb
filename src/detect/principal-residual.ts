import type { Detector, LearnContext } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import {
  decodeHighPass,
  encodeHighPass,
  type HighPassView,
  HighPassViewer,
  learnHighPass,
} from './high-pass.ts';
import { firstDirection, ResidualScorer } from './residual.ts';
import { Restlessness } from './restlessness.ts';
import { hasTakenOffSwing } from './season.ts';

/**
 * What changed within the last hour and does not go along with the machine's load: each metric less its own slow
 * exponential mean (a causal high-pass), less the one direction in which all metrics swing together. It sees a sudden
 * small change in a metric whose level wanders widely over the day; a change that stays is forgotten, and left to
 * the detectors that look at levels.
 */
export interface PrincipalResidual extends HighPassView {
  /** The common swing: a unit vector; all 0 where the season has taken it off already. */
  readonly direction: Float32Array;
}

const NAME = 'principal-residual';

export function createPrincipalResidual(): Detector<PrincipalResidual> {
  return {
    name: NAME,
    weight: 1,
    learn,
    scorer: (model) =>
      new ResidualScorer(
        new HighPassViewer(model),
        model.direction,
        false,
        new Restlessness(model.direction.length, model.halfLifeMs),
      ),
    encode: ({ direction, ...view }) => {
      const { facts, arrays } = encodeHighPass(view);
      return { facts, arrays: { ...arrays, direction } };
    },
    decode: (encoded) => {
      const view = decodeHighPass(NAME, encoded);
      const { direction } = encoded.arrays;
      if (!(direction instanceof Float32Array) || direction.length !== view.means.length)
        throw new Error(`${NAME}: the parts do not fit together`);
      return { ...view, direction };
    },
  };
}

function learn(train: Matrix, validate: Matrix, context: LearnContext): PrincipalResidual {
  const { view, rows } = learnHighPass(train, validate, {
    ...context,
    progress: (done) => context.progress(0.5 * done),
  });
  const direction = hasTakenOffSwing(view.season, context.past)
    ? new Float32Array(train.columns)
    : firstDirection(rows, train.columns);
  context.progress(1);
  return { ...view, direction };
}
