import type { Matrix } from '../model/matrix.ts';
import type { LossCurve, ModelCard } from '../model/model-card.ts';
import { LONGEST_STEP_MS } from '../model/settling.ts';
import type { Period } from './assemble.ts';
import { splitByTime } from './split.ts';

/** What the rows of a training were, for its model's card. `stepSeconds`: the usual time between them. */
export function cardOf(
  matrix: Matrix,
  { from, to }: Period,
  excluded: readonly Period[],
  stepSeconds: number,
  source: ModelCard['source'],
  losses: Readonly<Record<string, LossCurve>>,
): ModelCard {
  const { train, validate, calibrate } = splitByTime(matrix);
  const cut = excluded.map((one) => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) }));
  return {
    source,
    gaps: gapsIn(matrix, { from, to }, cut, stepSeconds),
    excluded: cut,
    blocks: { train: train.rows, validate: validate.rows, calibrate: calibrate.rows },
    losses,
  };
}

/** Times without a row that no excluded period explains; those shorter than the slowest collection are none. */
function gapsIn(
  { rows, at }: Matrix,
  { from, to }: Period,
  excluded: readonly Period[],
  stepSeconds: number,
) {
  const longestStep = Math.max(LONGEST_STEP_MS, 2 * stepSeconds * 1000);
  const gaps: number[] = [];
  for (let row = 0; row <= rows; row++) {
    const begin = row === 0 ? from : at[row - 1]!;
    const end = row === rows ? to : at[row]!;
    if (end - begin <= longestStep) continue;
    const gap = end - begin - overlap({ from: begin, to: end }, excluded);
    if (gap > longestStep) gaps.push(gap);
  }
  return {
    count: gaps.length,
    totalMs: gaps.reduce((sum, gap) => sum + gap, 0),
    longestMs: Math.max(0, ...gaps),
  };
}

/** Periods may overlap each other: what is left of the gap is walked through in the order of time. */
function overlap({ from, to }: Period, periods: readonly Period[]): number {
  let covered = 0;
  let next = from;
  for (const period of periods.toSorted((one, other) => one.from - other.from)) {
    const begin = Math.max(next, period.from);
    const end = Math.min(to, period.to);
    if (end <= begin) continue;
    covered += end - begin;
    next = end;
  }
  return covered;
}
