import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { excursions } from '../lib/excess.ts';
import { poissonInterval } from '../lib/poisson.ts';
import { Random } from '../lib/random.ts';
import { returnPeriod } from '../lib/return-period.ts';
import { digitsOf } from '../lib/tail.ts';
import { alarmRateOf } from '../model/alarm-rate.ts';
import { Combination } from '../model/combination.ts';
import { calibrate } from './calibrate.ts';

const STEP = 60;
const DAY_ROWS = 1440;
const DAY = 86_400;

/** How raw scores behave on a machine that stays as it is. */
interface Noise {
  readonly name: string;
  /** From one row to the next. */
  readonly memory: number;
  /** How much the score swings with the hour, as a share of it. */
  readonly season: number;
}

const NOISES: readonly Noise[] = [
  { name: 'independent rows', memory: 0, season: 0 },
  { name: 'rows that repeat their neighbours (AR(1), 0.9)', memory: 0.9, season: 0 },
  { name: 'a memory of an hour (AR(1), 0.983)', memory: 0.983, season: 0 },
  { name: 'days and nights', memory: 0.5, season: 0.6 },
];

/** Two detectors' raw scores: mean squares of three normal values each, half of them the same. */
function rawRows({ memory, season }: Noise, rows: number, seed: number): readonly Float32Array[] {
  const random = new Random(seed);
  const fresh = Math.sqrt(1 - memory ** 2);
  const values = new Float64Array(4);
  const raw = [new Float32Array(rows), new Float32Array(rows)];
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < values.length; index++)
      values[index] = memory * values[index]! + fresh * random.normal();
    const [a, b, c, d] = values.map((value) => value ** 2);
    const swing = 1 + season * Math.sin((2 * Math.PI * row) / DAY_ROWS);
    raw[0]![row] = (swing * (a! + b! + c!)) / 3;
    raw[1]![row] = (swing * (b! + c! + d!)) / 3;
  }
  return raw;
}

/** Calibrated on the first rows; how rare each of the later ones is said to be. */
function judged(noise: Noise, known: number, later: number, seed: number) {
  const raw = rawRows(noise, known + later, seed);
  const { opinions, calibration } = calibrate(
    raw.map((scores) => scores.subarray(0, known)),
    [1, 1],
    STEP,
  );
  const combination = new Combination(opinions, calibration);
  const row = new Float64Array(2);
  const levels = Float64Array.from({ length: later }, (_, index) => {
    for (let detector = 0; detector < 2; detector++) row[detector] = raw[detector]![known + index]!;
    return combination.add(row);
  });
  return { calibration, levels };
}

/** Over this many machines of a kind: of one alone a rate is hardly known. */
const MACHINES = 12;
const sum = (of: (machine: number) => number): number =>
  Array.from({ length: MACHINES }, (_, machine) => of(machine + 1)).reduce(
    (total, value) => total + value,
    0,
  );

describe('the rate of alarms that a calibration promises', () => {
  for (const noise of NOISES) {
    it(`is kept, and not by silence, on ${noise.name}`, () => {
      const [known, later] = [4 * DAY_ROWS, 10 * DAY_ROWS];
      const count = sum((seed) => {
        const { calibration, levels } = judged(noise, known, later, seed);
        const periods = levels.map((level) => returnPeriod(calibration.returns, level));
        return excursions(periods, DAY * 0.999, 60).length;
      });
      const expected = MACHINES * 10;
      // An exponential tail is longer than that of independent squares: there it alarms less than it may.
      assert.ok(
        count <= expected * 1.4 && count >= expected * 0.35,
        `${count} where ${expected} were promised`,
      );
    });

    it(`is tested on rows that it was not told of: ${noise.name}`, () => {
      let [counted, expected] = [0, 0];
      sum((seed) => {
        const { tested } = alarmRateOf(judged(noise, 4 * DAY_ROWS, 60, seed).calibration, 7);
        counted += tested!.smaller.counted;
        expected += tested!.smaller.expected;
        return 0;
      });
      const { low, high } = poissonInterval(counted);
      const fits = low <= expected * 1.2 && high >= expected / 1.2;
      assert.ok(fits, `${counted} where ${expected} were promised`);
    });
  }
});

describe('probabilities by ranks among blocks', () => {
  for (const noise of NOISES) {
    it(`are no smaller than they may be, after days and after minutes: ${noise.name}`, () => {
      for (const [known, digits] of [
        [240, 0.5],
        [240, 0.9],
        [4 * DAY_ROWS, 1],
        [4 * DAY_ROWS, 2],
      ] as const) {
        const reached = sum((seed) => {
          const { calibration, levels } = judged(noise, known, DAY_ROWS, seed);
          return levels.filter((level) => digitsOf(calibration.combined, level) >= digits).length;
        });
        const share = reached / (MACHINES * DAY_ROWS);
        assert.ok(share <= 10 ** -digits * 1.25, `${share} at ${digits} digits after ${known} rows`);
      }
    });
  }
});
