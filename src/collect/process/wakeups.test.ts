import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLiveHost } from '../live-host.ts';
import { wakeups } from './wakeups.ts';

test('the wakeups of a process that lives grow', async () => {
  const host = createLiveHost();
  const before = wakeups(host, process.pid);
  assert.ok(before !== undefined && before > 0);
  await sleep(30);
  assert.ok(wakeups(host, process.pid)! > before);
});

test('a process that is not there has none', () => {
  assert.equal(wakeups(createLiveHost(), 2 ** 22 + 1), undefined);
});
