import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createLiveHost } from './live-host.ts';

test('a mount that may hang says the same as any other', async () => {
  const host = createLiveHost();
  const [remote, local] = await Promise.all([host.space(tmpdir(), true), host.space(tmpdir())]);
  assert.equal(remote.total, local.total);
  assert.equal(remote.files, local.files);
  assert.ok(remote.available <= remote.free && remote.free <= remote.total);
});

test('a mount that is gone is missing', async () => {
  await assert.rejects(createLiveHost().space('/-no such/folder', true), { code: 'ENOENT' });
});
