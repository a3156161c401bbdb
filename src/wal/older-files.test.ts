import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ManualClock } from '../lib/clock.ts';
import { Log, type LogRecord } from './log.ts';
import { LogReader } from './log-reader.ts';
import { Outbox } from './outbox.ts';
import { syncFile } from './sync-beside.ts';

/** When the files were written by that version, in two hours of a clock that was set, ms. */
const WRITTEN_AT = 1_795_000_000_000 + 2 * 3_600_000;
const DAY = 86_400_000;

/** A copy of a file that the version before wrote: `test/wire/NAME.db.gz`. */
function older(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-older-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'wal.db');
  const packed = readFileSync(new URL(`../../test/wire/${name}.db.gz`, import.meta.url));
  writeFileSync(path, gunzipSync(packed), { mode: 0o600 });
  return path;
}

const bytesOf = (key: string): Buffer => Buffer.from(key.repeat(20));

const record = (key: string, source: string): LogRecord => ({
  ...{ key, source, kind: 'messaging.UniversalEnvelope', timestampNs: 2n ** 64n - 1n, bytes: bytesOf(key) },
});

/** Of `web-1` sixty events, of which the metrics (each second one) made room for envelopes of `mac-7`. */
const HELD = [
  ...Array.from({ length: 30 }, (_, index) => `web-1/process/${2 * index}`),
  ...Array.from({ length: 125 }, (_, index) => `mac-7:${index}`),
];

test('a log of the version before, in which keys had no owners, is read, goes on and knows all of its keys', async (t) => {
  const path = older(t, 'log-before-owned-keys');
  const before = new LogReader(path);
  assert.deepEqual(
    [...before.records()].map(({ key }) => key),
    HELD,
    'also before it was opened for writing',
  );
  before.close();
  const clock = new ManualClock(WRITTEN_AT);
  const log = new Log({ path, clock, share: 0.8 });
  t.after(() => log.close());
  assert.equal(log.id, 'ac65193882bd4cf6');
  assert.deepEqual(
    log.largest(3).map(({ source }) => source),
    ['mac-7', 'web-1'],
  );
  const again = HELD.map((key) => record(key, key.startsWith('mac') ? 'mac-7' : 'web-1'));
  const left = Array.from({ length: 30 }, (_, index) => record(`web-1/metrics/${2 * index + 1}`, 'web-1'));
  for (const some of [again.slice(0, 30), again.slice(30), left])
    assert.deepEqual(new Set(await log.appendAll(some)), new Set(['duplicate']));
  assert.equal(await log.append(record('mac-7:125', 'mac-7')), 'stored');
  assert.equal(await log.append(record('mac-7:0', 'web-1')), 'stored', 'another one has that key for itself');
  const reader = new LogReader(path);
  t.after(() => reader.close());
  const records = [...reader.records()];
  assert.deepEqual(
    records.slice(-2).map(({ id, key, source }) => [id, key, source]),
    [
      [186, 'mac-7:125', 'mac-7'],
      [187, 'mac-7:0', 'web-1'],
    ],
  );
  for (const { key, bytes, timestampNs } of records) {
    assert.deepEqual(Buffer.from(bytes), bytesOf(key));
    assert.equal(timestampNs, 2n ** 64n - 1n);
  }
  assert.deepEqual(reader.verify(), { records: 157, damage: [], missing: 30, dropped: 30 });
});

test('a log of the version before makes room with its keys as with its own', async (t) => {
  const path = older(t, 'log-before-owned-keys');
  const clock = new ManualClock(WRITTEN_AT + DAY);
  const spare = { kind: 'homeostat.v1.Event', keys: '%/metrics/%', appliedTo: () => 187 };
  const log = new Log({ path, clock, maxBytes: 90_000, spare });
  t.after(() => log.close());
  clock.advance(1);
  assert.equal(await log.append(record('new', 'mac-7')), 'stored');
  const { records, dropped } = log.figures();
  assert.deepEqual([records, dropped], [1, 185]);
  const db = new DatabaseSync(path, { readOnly: true });
  t.after(() => db.close());
  assert.deepEqual({ ...db.prepare('SELECT COUNT(*) AS keys FROM wal_keys').get() }, { keys: 0 });
});

test('what waits in an outbox of the version before is sent, in order and under the same numbers', async (t) => {
  const path = older(t, 'outbox-before-sync-beside');
  const outbox = new Outbox({
    ...{ path, clock: new ManualClock(WRITTEN_AT), maxBytes: 2 ** 30, classes: ['metrics', 'process'] },
    ...{ kind: 'homeostat.v1.Event', source: 'web-1', sync: syncFile },
  });
  t.after(() => outbox.close());
  outbox.push((id) => ({ key: `web-1/${id}`, timestampNs: 5n, bytes: bytesOf(`web-1/${id}`), rank: 0 }));
  await outbox.commit();
  assert.equal(outbox.id, '7133ac35e9c50c4e');
  assert.deepEqual(
    outbox.read(0, 100, 1e9).map(({ id, bytes }) => [id, Buffer.from(bytes).toString()]),
    Array.from({ length: 16 }, (_, index) => [index + 6, `web-1/${index + 6}`.repeat(20)]),
  );
});
