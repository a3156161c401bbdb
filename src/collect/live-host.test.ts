import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FEATURES } from '../model/features.ts';
import type { Metric } from '../model/metric.ts';
import { DENIED, MISSING, UNREADABLE } from './host.ts';
import { createLiveHost } from './live-host.ts';
import { collectorsFor } from './registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-live-host-'));
after(() => rmSync(folder, { recursive: true }));

test('a file is read whole, again as it is now, with a 0 byte behind it', () => {
  const host = createLiveHost();
  const path = join(folder, 'changing');
  for (const text of ['a longer text', 'short', '']) {
    writeFileSync(path, text);
    assert.equal(host.read(path), text.length);
    assert.equal(host.buffer.toString('latin1', 0, text.length + 1), `${text}\0`);
  }
});

test('the buffer grows with a file that is larger, and nothing is lost', () => {
  const host = createLiveHost();
  const before = host.buffer.length;
  const path = join(folder, 'large');
  for (const size of [before - 1, before, before * 3 + 7]) {
    const bytes = Buffer.alloc(size, 'abcdefghijk');
    writeFileSync(path, bytes);
    assert.equal(host.read(path), size);
    assert.ok(host.buffer.subarray(0, size).equals(bytes));
    assert.equal(host.buffer[size], 0);
  }
});

test('a path that is gone after it was read is missing, and new content under it is found', () => {
  const host = createLiveHost();
  const path = '/proc/self/task/none/stat';
  assert.equal(host.read(path), MISSING);
  assert.equal(host.read(join(folder, 'none')), MISSING);
  assert.equal(host.read('/proc/999999999/stat'), MISSING);
  assert.equal(host.read(`${process.execPath}/below-a-file`), MISSING);
});

test('what may not be read, cannot be read or is missing are told apart', () => {
  const host = createLiveHost();
  // Write-only even for root.
  assert.equal(host.read('/proc/sys/vm/compact_memory'), DENIED);
  assert.equal(host.read(folder), UNREADABLE);
  assert.equal(host.list(join(folder, 'none')), MISSING);
  assert.equal(host.link(join(folder, 'none')), MISSING);
  symlinkSync('target of it', join(folder, 'link'));
  assert.equal(host.link(join(folder, 'link')), 'target of it');
  assert.ok((host.list(folder) as string[]).includes('link'));
  unlinkSync(join(folder, 'link'));
});

test('a large file of a process is read whole although it comes in pieces', () => {
  const host = createLiveHost();
  const length = host.read(`/proc/${process.pid}/smaps`);
  const text = host.buffer.toString('latin1', 0, length);
  assert.ok(length > 4096);
  assert.match(text.trimEnd().split('\n').at(-1) ?? '', /^VmFlags:/);
});

test('space of a file system', async () => {
  const host = createLiveHost();
  const space = await host.space(folder);
  assert.ok(space.total > 0 && space.free <= space.total && space.available <= space.free);
  await assert.rejects(host.space(join(folder, 'none')), { code: 'ENOENT' });
});

test('every collector works on this machine, and all features that need no process scan are there', async () => {
  const host = createLiveHost();
  const collectors = collectorsFor('linux');
  let metrics: Metric[] = [];
  for (let look = 0; look < 2; look++) {
    metrics = [];
    // The monotonic time is made up: the look is a second later as far as rates are concerned.
    for (const collector of collectors) {
      metrics.push(...(await collector.collect(host, 1000 * (look + 1))).metrics);
    }
    await host.space('/');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const keys = new Set(metrics.map((metric) => metric.series.key));
  // An idle machine has no mean time of an operation; a container may have neither disks nor pressure.
  const needed = FEATURES.filter(
    ({ key }) => !/await|disk|pressure|process\.count(?!.*blocked)|filesystem/.test(key),
  );
  assert.deepEqual(
    needed.filter(({ key }) => !keys.has(key)),
    [],
  );
  assert.equal(keys.size, metrics.length, 'no series twice');
});

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
