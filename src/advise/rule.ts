import type { Recommendation } from '../model/recommendation.ts';
import type { Situation } from './situation.ts';

export type Draft = Omit<Recommendation, 'id' | 'rule'>;

/** One kind of trouble. Pure: the same situation gives the same advice. */
export interface Rule {
  readonly name: string;
  advise(situation: Situation): readonly Draft[];
}
