import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createLiveHost } from '../live-host.ts';
import { socketOwners } from './socket-owners.ts';

test('a process owns a network socket from the moment at which it listens', { timeout: 10_000 }, async () => {
  const host = createLiveHost();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  assert.ok(socketOwners(host).has(process.pid));
  await new Promise((resolve) => server.close(resolve));
  assert.ok(!socketOwners(host).has(process.pid));
});
