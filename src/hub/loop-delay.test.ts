import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoopDelay } from './loop-delay.ts';

const worst = (text: string): number =>
  Number(/^hub_event_loop_delay_seconds\{share="1"\} (\S+)$/m.exec(text)?.[1]);

test('a thread that was busy for long is told as late, once', async (t) => {
  const delay = new LoopDelay();
  t.after(() => delay.stop());
  await sleep(50);
  const end = performance.now() + 300;
  while (performance.now() < end);
  await sleep(50);
  const late = worst(delay.text());
  assert.ok(late >= 0.25, `${late}`);
  assert.equal(worst(delay.text()), 0);
});
