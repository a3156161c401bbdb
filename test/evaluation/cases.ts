import { Random } from '../../src/lib/random.ts';
import type { Case } from '../support/referee.ts';

/** How a case is made: some rows, events of some length, and scores that know of them more or less. */
interface Recipe {
  readonly name: string;
  readonly rows: number;
  readonly events: number;
  readonly longest: number;
  /** How far labelled rows score above others, in standard deviations. */
  readonly signal: number;
  /** Scores are rounded to this: equal scores are where implementations differ. */
  readonly rounding: number;
  readonly gap: number;
  readonly window: number;
}

const RECIPES: readonly Recipe[] = [
  { name: 'clear', rows: 2000, events: 6, longest: 40, signal: 4, rounding: 1e-4, gap: 10, window: 30 },
  { name: 'dim', rows: 2000, events: 8, longest: 25, signal: 1, rounding: 1e-4, gap: 10, window: 125 },
  { name: 'blind', rows: 1500, events: 5, longest: 30, signal: 0, rounding: 1e-4, gap: 2, window: 8 },
  { name: 'equal scores', rows: 1500, events: 5, longest: 30, signal: 2, rounding: 0.5, gap: 2, window: 9 },
  { name: 'one score', rows: 700, events: 3, longest: 20, signal: 0, rounding: 1e9, gap: 5, window: 12 },
  { name: 'single rows', rows: 1200, events: 30, longest: 1, signal: 2, rounding: 1e-4, gap: 10, window: 19 },
  { name: 'few rows', rows: 90, events: 2, longest: 5, signal: 2, rounding: 1e-4, gap: 1, window: 6 },
  {
    name: 'mostly labelled',
    rows: 600,
    events: 25,
    longest: 60,
    signal: 1,
    rounding: 1e-3,
    gap: 4,
    window: 40,
  },
  { name: 'no buffer', rows: 900, events: 4, longest: 30, signal: 2, rounding: 1e-4, gap: 3, window: 0 },
];

/** Scores, labels and flags of all recipes; the first and the last row of each are labelled, where buffers are cut off. */
export const cases: readonly Case[] = RECIPES.map((recipe, index) => make(recipe, new Random(index + 1)));

function make({ rows, events, longest, signal, rounding, ...told }: Recipe, random: Random): Case {
  const labels = new Uint8Array(rows);
  labels[0] = 1;
  labels[rows - 1] = 1;
  for (let event = 0; event < events; event++) {
    const first = random.below(rows);
    labels.fill(1, first, Math.min(rows, first + 1 + random.below(longest)));
  }
  const score = Float32Array.from(labels, (label) => {
    const value = random.normal() + label * signal;
    return Math.round(value / rounding) * rounding;
  });
  const flags = Uint8Array.from(score, (value) => (value > 2 ? 1 : 0));
  return { ...told, perDay: 288, labels, score, flags };
}
