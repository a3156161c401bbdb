import { poissonInterval } from '../lib/poisson.ts';
import { duration } from '../lib/text.ts';
import type { Calibration } from './machine-model.ts';

const DAY = 86_400;
const WEEK = 7 * DAY;

/** What is wished where nothing is said: the severities begin at once a day. */
export const DEFAULT_ALARMS_PER_WEEK = 7;
/** Rarer than once a quarter nothing can be judged; more often than once an hour is no alarm. */
export const ALARMS_PER_WEEK = { least: 1 / 13, most: 168 } as const;

/** The return period from which on a score alarms, seconds. */
export const alarmSeconds = (perWeek: number): number => WEEK / perWeek;

/** Alarms that were counted, and the 95 % interval of how many a week there are to be expected from that count alone. */
export interface CountedAlarms {
  readonly alarms: number;
  /** For how long they were counted. */
  readonly seconds: number;
  readonly lowPerWeek: number;
  /** Infinity as long as nothing was watched: null in JSON. */
  readonly highPerWeek: number;
}

/** How often a model alarms while nothing is wrong. */
export interface AlarmRate {
  readonly wishedPerWeek: number;
  /** The return period that a score needs to alarm when all is quiet. */
  readonly thresholdSeconds: number;
  /** By the calibration, and by how often the rows that tested it exceeded what it said. */
  readonly expectedPerWeek: number;
  /** Why the wish is not attained, one line; undefined where it is. */
  readonly limit: string | undefined;
  /** On rows that the calibration was not told of; undefined where there were too few. */
  readonly tested: TestedRate | undefined;
}

export interface TestedRate extends CountedAlarms {
  /** The same of smaller excursions: alarms are so rare that a test of hours counts none. */
  readonly smaller: {
    readonly expected: number;
    readonly counted: number;
    readonly low: number;
    readonly high: number;
  };
}

/** The interval is exact (`poissonInterval`). */
export function countedAlarms(alarms: number, seconds: number): CountedAlarms {
  const { low, high } = poissonInterval(alarms);
  return { alarms, seconds, lowPerWeek: (low * WEEK) / seconds || 0, highPerWeek: (high * WEEK) / seconds };
}

/** So many excursions of a test are needed to outweigh the calibration by as much. */
const TRUST = 5;
/** Smaller excursions are taken from so low a level that so many are expected in the test. */
const ENOUGH = 10;

/** What a calibration promises to somebody who wishes for so many alarms a week, and what came of the promise when it was tested. */
export function alarmRateOf({ returns, tested, ...held }: Rated, wishedPerWeek: number): AlarmRate {
  const wished = alarmSeconds(wishedPerWeek);
  const thresholdSeconds = Math.min(wished, returns.longest);
  const test = tested && tested.seconds > 0 ? testedRate(tested, thresholdSeconds) : undefined;
  const { expected, counted } = test?.smaller ?? { expected: 0, counted: 0 };
  const seen = (counted + TRUST) / (expected + TRUST);
  const rows = `${held.rows} held-out rows`;
  let limit: string | undefined;
  if (wished > returns.longest)
    limit = `${rows} do not tell what comes less often than once in ${duration(returns.longest * 1000)}; more history will`;
  else if (test && test.smaller.low > expected)
    limit = `later rows exceeded what the earlier ones promised (${counted} times, ${count(expected)} were expected): the machine changes`;
  return {
    wishedPerWeek,
    thresholdSeconds,
    expectedPerWeek: (WEEK / thresholdSeconds) * seen,
    limit,
    tested: test,
  };
}

type Rated = Pick<Calibration, 'returns' | 'tested' | 'rows'>;

function testedRate(
  { seconds, level, reached }: NonNullable<Calibration['tested']>,
  thresholdSeconds: number,
): TestedRate {
  const from = Math.max(level, seconds / ENOUGH);
  const smaller = reached.filter((period) => period >= from).length;
  return {
    ...countedAlarms(reached.filter((period) => period >= thresholdSeconds).length, seconds),
    smaller: { expected: seconds / from, counted: smaller, ...poissonInterval(smaller) },
  };
}

/** `wished 1 a week, expected 0.8 a week, measured 0 in 3 d (0 to 1.2 a day)`; `measured`: in use. */
export function describeAlarmRate(
  { wishedPerWeek, expectedPerWeek, limit }: Promised,
  measured: CountedAlarms,
): string {
  const expected =
    expectedPerWeek === undefined ? 'none before the first model' : `expected ${rate(expectedPerWeek)}`;
  const line = `wished ${rate(wishedPerWeek)}, ${expected}, ${describeCounted(measured)}`;
  return limit === undefined ? line : `${line}; not attained: ${limit}`;
}

/** As much of an alarm rate as is known. */
interface Promised {
  readonly wishedPerWeek: number;
  readonly expectedPerWeek: number | undefined;
  readonly limit: string | undefined;
}

/** `measured 0 in 3 d (0 to 1.2 a day)` */
function describeCounted({ alarms, seconds, lowPerWeek, highPerWeek }: CountedAlarms): string {
  if (seconds < 60) return 'not measured yet';
  const often = highPerWeek >= WEEK / DAY;
  const [unit, share] = often ? ['day', DAY / WEEK] : ['week', 1];
  return `measured ${alarms} in ${duration(seconds * 1000)} (${count(lowPerWeek * share)} to ${count(highPerWeek * share)} a ${unit})`;
}

/** What the card of a model says of its alarms, a line each. */
export function alarmRateLines(rate: AlarmRate, measured: CountedAlarms): readonly string[] {
  const lines = [describeAlarmRate(rate, measured)];
  if (!rate.tested) return [...lines, 'too few held-out rows to test that'];
  const { seconds, alarms, smaller } = rate.tested;
  return [
    ...lines,
    `tested on ${duration(seconds * 1000)} of later rows that it was not told of: ${alarms} alarms; of smaller excursions ${smaller.counted} where ${count(smaller.expected)} were expected (${count(smaller.low)} to ${count(smaller.high)} fit that count)`,
  ];
}

/** `2 a day`, `0.8 a week` */
function rate(perWeek: number): string {
  return perWeek >= WEEK / DAY ? `${count((perWeek * DAY) / WEEK)} a day` : `${count(perWeek)} a week`;
}

/** Two digits, no more: nothing here is known better. */
function count(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(2)));
}
