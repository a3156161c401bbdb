import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualTimers } from '../../../test/support/manual-timers.ts';
import { ManualClock } from '../../lib/clock.ts';
import { Sender, type Sent } from './sender.ts';

const DOWN: Sent = { ok: false, why: 'it is down', refused: false };

function made(answers: (items: readonly number[]) => Promise<Sent>) {
  const timers = new ManualTimers(new ManualClock(0));
  const sent: number[][] = [];
  const lost: number[] = [];
  const problems: (string | undefined)[] = [];
  const sender = new Sender<number>({
    ...{ timers, random: () => 1, most: 3, together: 2 },
    send: (items) => {
      sent.push([...items]);
      return answers(items);
    },
    onLost: (items) => lost.push(...items),
    onProblem: (why) => problems.push(why),
  });
  return { timers, sender, sent, lost, problems };
}

describe('a queue to an endpoint', () => {
  it('sends one after the other, and what came meanwhile together', async () => {
    const { timers, sender, sent } = made(async () => ({ ok: true }));
    for (const item of [1, 2, 3]) sender.push(item);
    await timers.advance(0);
    assert.deepEqual(sent, [[1], [2, 3]]);
    assert.deepEqual(sender.figures(), { waiting: 0, sent: 3 });
  });

  it('keeps what failed, waits longer each time, and gives up the oldest at its bound', async () => {
    let isDown = true;
    const { timers, sender, sent, lost, problems } = made(async () => (isDown ? DOWN : { ok: true }));
    for (const item of [1, 2, 3, 4, 5]) sender.push(item);
    await timers.advance(0);
    assert.deepEqual(lost, [1, 2]);
    assert.equal(sent.length, 1);
    await timers.advance(1000);
    assert.equal(sent.length, 2);
    await timers.advance(1999);
    assert.equal(sent.length, 2);
    isDown = false;
    await timers.advance(1);
    assert.deepEqual(sent.slice(2), [[3, 4], [5]]);
    assert.deepEqual(problems, ['it is down', undefined]);
    assert.equal(timers.pending, 0);
  });

  it('gives up at once what will never be taken, and goes on', async () => {
    const { timers, sender, lost } = made(async ([first]) =>
      first === 1 ? { ok: false, why: 'it answers HTTP 400', refused: true } : { ok: true },
    );
    for (const item of [1, 2]) sender.push(item);
    await timers.advance(0);
    assert.deepEqual(lost, [1]);
    assert.deepEqual(sender.figures(), { waiting: 0, sent: 1 });
  });

  it('tries once more at the end, and then no more', async () => {
    const { timers, sender, sent } = made(async () => DOWN);
    sender.push(1);
    await timers.advance(0);
    await sender.stop();
    assert.equal(sent.length, 2);
    assert.equal(timers.pending, 0);
    sender.push(2);
    await timers.advance(600_000);
    assert.equal(sent.length, 2);
  });
});
