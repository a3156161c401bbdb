import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../lib/random.ts';
import { type Matrix, slice } from '../model/matrix.ts';
import { createLevelResidual } from './level-residual.ts';
import { createPrincipalResidual } from './principal-residual.ts';
import { learnSeason, partOf } from './season.ts';

const COLUMNS = 4;
const STEP_MS = 300_000;
const DAY_ROWS = 288;
/** Metrics swing by so much between night and day, and by 0.3 by themselves. */
const SWING = 1.5;
const context = { seed: 1, progress: () => {} };

/** Standardised rows of a machine whose load follows the hour by `swing`; on two days of seven only by `weekend` of it. */
function machine(days: number, swing: number, weekend = 1): Matrix {
  const random = new Random(7);
  const rows = days * DAY_ROWS;
  const data = new Float32Array(rows * COLUMNS);
  for (let row = 0; row < rows; row++) {
    const share = Math.floor(row / DAY_ROWS) % 7 < 5 ? 1 : weekend;
    const load = -swing * share * Math.cos((2 * Math.PI * row) / DAY_ROWS);
    for (let column = 0; column < COLUMNS; column++)
      data[row * COLUMNS + column] = load + 0.3 * random.normal();
  }
  return { rows, columns: COLUMNS, data, at: Float64Array.from({ length: rows }, (_, row) => row * STEP_MS) };
}

/** All but its last day, which is for validation. */
const learned = (days: number, swing: number, weekend?: number) => {
  const rows = machine(days, swing, weekend);
  const border = rows.rows - (weekend === undefined ? 1 : 7) * DAY_ROWS;
  return [slice(rows, 0, border), slice(rows, border, rows.rows)] as const;
};

describe('the season of a machine', () => {
  it('is what it usually does at this time of the day', () => {
    const season = learnSeason(...learned(8, SWING))!;
    assert.equal(season.periodMs, 86_400_000);
    for (const [hour, level] of [
      [0, -SWING],
      [6, 0],
      [12, SWING],
    ] as const) {
      const usual = season.table[partOf(season, (30 * 24 + hour) * 3_600_000, COLUMNS)]!;
      assert.ok(Math.abs(usual - level) < 0.2, `${usual} at ${hour}`);
    }
  });

  it('is that of the week once three were seen, where the days differ', () => {
    const season = learnSeason(...learned(35, SWING, 0))!;
    assert.equal(season.periodMs, 7 * 86_400_000);
    const noonOf = (day: number): number =>
      season.table[partOf(season, (70 + day + 0.5) * 86_400_000, COLUMNS)]!;
    assert.ok(noonOf(1) > 1.2 && Math.abs(noonOf(6)) < 0.3, `${noonOf(1)}, ${noonOf(6)}`);
  });

  it('is not known before the same hour was seen three times', () => {
    assert.equal(learnSeason(...learned(3, SWING)), undefined);
  });

  it('is none of a machine that does not follow the clock, nor of one that never moves', () => {
    assert.equal(learnSeason(...learned(8, 0)), undefined);
    const still = learned(8, 0).map((rows) => ({ ...rows, data: rows.data.map(() => 0) }));
    assert.equal(learnSeason(still[0]!, still[1]!), undefined);
  });

  it('passes over missing values, and over parts of the day that were never seen', () => {
    const [train, validate] = learned(8, SWING);
    const holes = {
      ...train,
      data: train.data.map((value, index) => (index % 3 === 0 ? Number.NaN : value)),
    };
    const season = learnSeason(holes, validate)!;
    assert.ok(season.table.every(Number.isFinite));
    const days = Float64Array.from(train.at, (at) => at - (at % 86_400_000) + ((at % 86_400_000) >> 1));
    assert.ok(learnSeason({ ...train, at: days }, validate)?.table.every(Number.isFinite) ?? true);
  });
});

for (const [detector, name] of [
  [createLevelResidual(), 'level'],
  [createPrincipalResidual(), 'change within the hour'],
] as const) {
  describe(`the ${name} of a machine that follows the clock`, () => {
    /** The mean score of half an hour from `hour` on, on the day after the last one; there all metrics are by `shift` off. */
    const scoreAt = (days: number, swing: number, hour: number, shift: number): number => {
      const all = machine(days + 2, swing);
      const at = days * DAY_ROWS;
      const model = detector.learn(
        slice(all, 0, at - DAY_ROWS),
        slice(all, at - DAY_ROWS, at),
        context,
      ) as never;
      const scorer = detector.scorer(model);
      let sum = 0;
      for (let row = at; row < at + hour * 12 + 6; row++) {
        const values = all.data.slice(row * COLUMNS, (row + 1) * COLUMNS);
        const isShown = row >= at + hour * 12;
        const score = scorer.score(isShown ? values.map((value) => value + shift) : values, all.at[row]!);
        if (isShown) sum += score / 6;
      }
      return sum;
    };

    it("finds a night's load at noon, which is nothing that it has not seen, and the same load at night usual", () => {
      const noon = scoreAt(8, SWING, 12, -2 * SWING);
      const night = scoreAt(8, SWING, 24, 0);
      assert.ok(noon > 10 * night, `${noon} beside ${night}`);
    });
  });
}

describe('the level residual', () => {
  it('cannot tell that before it has seen enough days, and takes off what swings together instead', () => {
    const detector = createLevelResidual();
    const [train, validate] = learned(3, SWING);
    const model = detector.learn(train, validate, context);
    assert.equal(model.season, undefined);
    const scorer = detector.scorer(model);
    const swung = scorer.score(Float32Array.of(SWING, SWING, SWING, SWING), 0);
    const broken = scorer.score(Float32Array.of(SWING, SWING, SWING, -SWING), 0);
    assert.ok(swung < 0.1 && broken > 10 * swung, `${swung}, ${broken}`);
  });

  it('goes on seeing what stays, unlike the high-pass', () => {
    const [train, validate] = learned(3, 0);
    const row = new Float32Array(COLUMNS);
    row[2] = 5;
    const [level, change] = [createLevelResidual(), createPrincipalResidual()].map((detector) => {
      const scorer = detector.scorer(detector.learn(train, validate, context) as never);
      const scores = Array.from({ length: DAY_ROWS }, (_, index) =>
        scorer.score(row, validate.at.at(-1)! + (index + 1) * STEP_MS),
      );
      return scores.at(-1)! / scores[0]!;
    });
    assert.ok(level === 1 && change! < 0.1, `${level}, ${change}`);
  });

  it('refuses a season that does not fit its columns', () => {
    const detector = createLevelResidual();
    const encoded = detector.encode(detector.learn(...learned(8, SWING), context));
    assert.ok(detector.decode(encoded).season);
    const arrays = { ...encoded.arrays, season: new Float32Array(COLUMNS + 1) };
    assert.throws(() => detector.decode({ ...encoded, arrays }), /do not fit together/);
  });
});
