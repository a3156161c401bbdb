import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { History } from '../model/history.ts';
import { assemblePast } from './past.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 20);
const CPU = 'system.cpu.utilization{cpu.mode=user}';
const MEMORY = 'system.memory.utilization';

/** Minutes of `days` before NOW: cpu is the hour of the day, memory was not seen in the first half of each hour. */
function minutes(days: number): History {
  const firstAt = NOW - days * DAY;
  return {
    series: () => [CPU, MEMORY].map((key) => ({ key, unit: '1', firstAt, lastAt: NOW })),
    query: ({ metrics, from, to, resolution }) => {
      assert.equal(resolution, 60);
      const frames = metrics.map((metric) => {
        const at: number[] = [];
        for (let time = Math.max(from, firstAt); time < to; time += MINUTE)
          if (metric === CPU || (time / MINUTE) % 60 >= 30) at.push(time);
        const mean = Float64Array.from(at, (time) => (metric === CPU ? (time % DAY) / DAY : 0.5));
        return { metric, unit: '1', at: Float64Array.from(at), mean, min: mean, max: mean };
      });
      return { stepSeconds: 60, frames };
    },
    processHistory: () => [],
    processesAt: () => undefined,
    anomalies: () => [],
    breaches: () => [],
  };
}

describe('what the weeks before were like', () => {
  it('is each five minutes of the last four weeks, with gaps where a metric was not seen', () => {
    const past = assemblePast(minutes(40), [MEMORY, CPU], NOW, [])!;
    assert.equal(past.rows, 28 * 288);
    assert.equal(past.at[0], NOW - 28 * DAY);
    const noon = past.at.indexOf(NOW - DAY / 2);
    assert.ok(Number.isNaN(past.data[2 * noon]!));
    assert.ok(Math.abs(past.data[2 * noon + 1]! - (0.5 + 2 / 1440)) < 1e-6);
    assert.equal(past.data[2 * (noon + 6)], 0.5);
  });

  it('ends where it is told to, and leaves out what was not normal', () => {
    const excluded = [{ from: NOW - 3 * DAY + 90_000, to: NOW - 3 * DAY + 7 * MINUTE }];
    const past = assemblePast(minutes(10), [CPU], NOW - DAY, excluded)!;
    assert.equal(past.at.at(-1), NOW - DAY - 5 * MINUTE);
    assert.equal(past.rows, 9 * 288 - 2);
    assert.ok(!past.at.includes(NOW - 3 * DAY + 5 * MINUTE));
  });

  it('is nothing while no hour of the day was seen twice', () => {
    assert.equal(assemblePast(minutes(1.9), [CPU], NOW, []), undefined);
    assert.equal(assemblePast(minutes(0), [CPU], NOW, []), undefined);
  });
});
