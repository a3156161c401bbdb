import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AlarmCount } from './alarm-count.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-alarm-count-'));
after(() => rmSync(folder, { recursive: true }));
const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 14);

const counting = (name: string, problems: string[] = []): AlarmCount =>
  new AlarmCount({ path: join(folder, name), onProblem: (problem) => void problems.push(problem) });

/** Rows each 10 s for so many hours. */
function watch(count: AlarmCount, from: number, hours: number): void {
  for (let at = from; at <= from + hours * HOUR; at += 10_000) count.scored(at);
}

describe('the count of alarms in use', () => {
  it('counts the time that was watched, gaps left out, and goes on after a restart', () => {
    const count = counting('a.json');
    count.use('one');
    watch(count, START, 2);
    count.alarmed(START + 2 * HOUR);
    watch(count, START + 5 * HOUR, 1);
    count.save();
    const again = counting('a.json');
    again.use('one');
    assert.deepEqual([again.ofModel().alarms, again.ofModel().seconds], [1, 3 * 3600]);
    assert.deepEqual(again.lately(), again.ofModel());
    // Garwood: 0.0253 to 5.57 for one.
    assert.ok(Math.abs(again.lately().highPerWeek / (5.5716 * 56) - 1) < 1e-3);
  });

  it('begins anew with another model, but not in what it says of the last weeks, which forgets', () => {
    const count = counting('b.json');
    count.use('one');
    watch(count, START, 1);
    count.alarmed(START + HOUR);
    count.use('two');
    watch(count, START + 2 * HOUR, 1);
    assert.deepEqual([count.ofModel().alarms, count.ofModel().seconds], [0, 3600]);
    assert.deepEqual([count.lately().alarms, count.lately().seconds], [1, 2 * 3600]);
    watch(count, START + 40 * 24 * HOUR, 1);
    assert.deepEqual([count.lately().alarms, count.lately().seconds], [0, 3600]);
  });

  it('knows nothing of the rate before it watched, and after its file made no sense', () => {
    for (const text of ['', '{', '{"days":[null]}', '{"days":[{"day":1}]}', '{"days":3}']) {
      writeFileSync(join(folder, 'c.json'), text);
      const { alarms, seconds, lowPerWeek, highPerWeek } = counting('c.json').lately();
      assert.deepEqual([alarms, seconds, lowPerWeek, highPerWeek], [0, 0, 0, Number.POSITIVE_INFINITY]);
    }
  });

  it('says once that it cannot be kept, and counts on', () => {
    const problems: string[] = [];
    const count = counting('missing/d.json', problems);
    count.use('one');
    watch(count, START, 2);
    count.alarmed(START + 2 * HOUR);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /cannot be saved in .*d\.json: ENOENT/);
    assert.equal(count.ofModel().alarms, 1);
  });
});
