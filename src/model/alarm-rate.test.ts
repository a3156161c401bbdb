import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ALARMS_PER_WEEK,
  alarmRateLines,
  alarmRateOf,
  countedAlarms,
  describeAlarmRate,
} from './alarm-rate.ts';

const DAY = 86_400;
const WEEK = 7 * DAY;
const returns = { threshold: 1, rate: 0.01, scale: 0.3, longest: 4 * WEEK };
/** Ten days in which excursions rarer than 5 h came as often as they should. */
const tested = {
  seconds: 10 * DAY,
  level: 18_000,
  reached: [9, 4, 3, 2, 1.5, 1.3, 1.1, 1.05, 1.02, 1.01, 0.5, 0.4].map((days) => days * DAY),
};

describe('what a model promises to who wishes for a rate', () => {
  it('is the wish, as its test bears it out', () => {
    const rate = alarmRateOf({ returns, tested, rows: 1000 }, 7);
    assert.deepEqual([rate.thresholdSeconds, rate.expectedPerWeek, rate.limit], [DAY, 7, undefined]);
    const { alarms, seconds, smaller } = rate.tested!;
    assert.deepEqual([alarms, seconds, smaller.expected, smaller.counted], [10, 10 * DAY, 10, 10]);
    assert.deepEqual(alarmRateLines(rate, countedAlarms(2, 10 * DAY)), [
      'wished 1 a day, expected 1 a day, measured 2 in 10 d (0.17 to 5.1 a week)',
      'tested on 10 d of later rows that it was not told of: 10 alarms; of smaller excursions 10 where 10 were expected (4.8 to 18 fit that count)',
    ]);
  });

  it('is more than the wish where it knows too little, and says why', () => {
    const rate = alarmRateOf({ returns: { ...returns, longest: 2 * DAY }, rows: 174 }, 1);
    assert.equal(rate.expectedPerWeek, 3.5);
    assert.match(rate.limit!, /^174 held-out rows do not tell what comes less often than once in 2 d/);
    assert.equal(rate.tested, undefined);
  });

  it('is more than the wish where its test found more than it promised, and says so', () => {
    const often = { ...tested, reached: Array.from({ length: 25 }, () => 2 * DAY) };
    const rate = alarmRateOf({ returns, tested: often, rows: 1000 }, 7);
    assert.equal(rate.expectedPerWeek, 14);
    const text = describeAlarmRate(rate, countedAlarms(0, 0));
    assert.match(
      text,
      /^wished 1 a day, expected 2 a day, not measured yet; not attained: later rows exceeded/,
    );
    assert.match(text, /25 times, 10 were expected/);
  });

  it('never asks for more than the model can say, and is rarer where less is wished', () => {
    const wish = fc.double({ min: ALARMS_PER_WEEK.least, max: ALARMS_PER_WEEK.most, noNaN: true });
    fc.assert(
      fc.property(wish, wish, (one, other) => {
        const [few, many] = [Math.min(one, other), Math.max(one, other)].map((perWeek) =>
          alarmRateOf({ returns, tested, rows: 1000 }, perWeek),
        );
        assert.ok(few!.thresholdSeconds >= many!.thresholdSeconds);
        assert.ok(few!.thresholdSeconds <= returns.longest);
        assert.ok(few!.expectedPerWeek <= many!.expectedPerWeek * (1 + 1e-9));
        assert.ok(few!.tested!.alarms <= many!.tested!.alarms);
      }),
      { seed: 1 },
    );
  });
});
