import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveHost } from '../live-host.ts';
import { anonymousBytes } from './anonymous-bytes.ts';

test('memory that a process takes for itself is seen', () => {
  const host = createLiveHost();
  const before = anonymousBytes(host, process.pid);
  const taken = Buffer.alloc(32 << 20, 1);
  const after = anonymousBytes(host, process.pid);
  assert.ok(before !== undefined && after !== undefined && after - before >= 0.9 * taken.length);
  assert.ok(after < process.memoryUsage().rss * 1.1);
});

test('a kernel thread has none, nor has a process that is not there', () => {
  assert.equal(anonymousBytes(createLiveHost(), 2), undefined);
  assert.equal(anonymousBytes(createLiveHost(), 2 ** 22 + 1), undefined);
});
