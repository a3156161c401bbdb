import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openHistory } from '../../src/store/store.ts';
import { SWITCHES_PER_SECOND, wireMachine } from '../support/wired-machine.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 5, 1, 12, 30);

/** Every value that is stored of the counters that are steady, whatever the clock did. */
function steady(folder: string): ReadonlyMap<number, number> {
  const history = openHistory(folder);
  try {
    const { frames } = history.query({
      metrics: ['system.linux.context_switches'],
      from: START - 2 * HOUR,
      to: START + 3 * HOUR,
      resolution: 1,
    });
    const [frame] = frames;
    return new Map(Array.from(frame!.at, (at, index) => [at, frame!.mean[index]!]));
  } finally {
    history.close();
  }
}

function integrity(folder: string): unknown {
  const db = new DatabaseSync(join(folder, 'history.db'), { readOnly: true });
  try {
    return db.prepare('PRAGMA integrity_check').get()?.integrity_check;
  } finally {
    db.close();
  }
}

for (const [name, jump] of [
  ['forward', HOUR],
  ['back', -HOUR],
] as const) {
  test(`a clock that is set ${name} by an hour: no spike, no damage, and it is said`, async (t) => {
    const machine = wireMachine(t, { start: START });
    const { clock, timers, schedule, hub, learner, folder } = machine;
    schedule.start();
    await timers.advance(3 * MINUTE);
    clock.jump(jump);
    await timers.advance(3 * MINUTE);

    const status = hub.status();
    assert.ok(status.at - status.lastSampleAt! < 2000, 'samples go on in the new time');
    assert.match(machine.notes.join('\n'), new RegExp(`the wall clock jumped ${name} by 1 h|60 min`));
    const lost = status.coverage.losses.map(({ what, count }) => `${count} ${what}`);
    assert.deepEqual(lost, jump > 0 ? ['3600 ticks missed'] : []);
    assert.equal(status.coverage.healthy, jump < 0, 'an hour that nobody saw is a loss');
    assert.equal(learner.state().phase, 'collecting', 'a jump is no time seen');
    assert.ok(learner.state().seenMs <= 6 * MINUTE + 2000, `${learner.state().seenMs} ms seen`);
    assert.ok(hub.processes()!.processes.every(({ cpu }) => cpu === undefined || cpu < 0.01));

    await machine.stop();
    assert.equal(integrity(folder), 'ok');
    const values = steady(folder);
    for (const value of values.values()) assert.ok(Math.abs(value - SWITCHES_PER_SECOND) < 20, `${value}`);
    const inOldTime = [...values.keys()].filter((at) => at >= START && at < START + 3 * MINUTE);
    const inNewTime = [...values.keys()].filter(
      (at) => Math.abs(at - START - jump - 4.5 * MINUTE) < 1.5 * MINUTE,
    );
    assert.ok(inOldTime.length > 175, `${inOldTime.length} samples of the old time`);
    assert.ok(inNewTime.length > 175, `${inNewTime.length} samples of the new time`);
  });
}

test('a clock that is set forward and back again: what was lived twice is there, the later time counts', async (t) => {
  const machine = wireMachine(t, { start: START });
  const { clock, timers, schedule, hub, learner, folder } = machine;
  schedule.start();
  await timers.advance(2 * MINUTE);
  for (const jump of [HOUR, -HOUR, -HOUR, HOUR]) {
    clock.jump(jump);
    await timers.advance(2 * MINUTE);
  }
  assert.ok(hub.status().at - hub.status().lastSampleAt! < 2000);
  assert.ok(learner.state().seenMs <= 10 * MINUTE + 5000, `${learner.state().seenMs} ms seen`);
  await machine.stop();
  assert.equal(integrity(folder), 'ok');
  const values = steady(folder);
  assert.ok(values.size > 10 * 60 - 20, `${values.size} samples`);
  for (const value of values.values()) assert.ok(Math.abs(value - SWITCHES_PER_SECOND) < 20, `${value}`);
});
