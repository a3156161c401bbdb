import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { Log } from './log.ts';
import { LogReader } from './log-reader.ts';

const NS = 1_000_000n;
const FIRST = 1_795_000_000_000;

/** A log of records by key and the senders' times in ns; each came a second after the one before. */
async function logOf(t: TestContext, records: readonly (readonly [string, bigint, string?])[]) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-wal-'));
  const clock = new ManualClock(FIRST);
  const log = new Log({ path: join(folder, 'wal.db'), clock });
  for (const [key, timestampNs, source = 'a'] of records) {
    await log.append({ key, timestampNs, source, kind: 'x', bytes: Buffer.from(key) });
    clock.advance(1000);
  }
  log.close();
  const reader = new LogReader(join(folder, 'wal.db'));
  t.after(() => {
    reader.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return reader;
}

const keys = (records: Iterable<{ readonly key: string }>): string =>
  [...records].map(({ key }) => key).join('');

test('records are chosen by sender, by either time, and up to an id', async (t) => {
  const log = await logOf(t, [
    ['a', 10n * NS],
    ['b', 20n * NS, 'other'],
    ['c', 30n * NS],
    ['d', 2n ** 63n],
    ['e', 0n],
  ]);
  assert.equal(keys(log.records(0, { source: 'other' })), 'b');
  assert.equal(keys(log.records(0, { receivedFrom: FIRST + 3000 })), 'de');
  assert.equal(keys(log.records(0, { sentFrom: 20 })), 'bcd', 'the latest times are later than all others');
  assert.equal(keys(log.records(0, { sentTo: 20 })), 'ae');
  assert.equal(keys(log.records(0, { sentFrom: 10, sentTo: 30 })), 'ab');
  assert.equal(keys(log.records(1, { lastId: 3 })), 'bc');
  assert.equal(log.count({ sentFrom: 20 }), 3);
  assert.equal(keys(log.records(0, { sentFrom: Number.MAX_SAFE_INTEGER })), 'd');
});

test('the order of time is that of the senders, of equals that in which they came', async (t) => {
  const log = await logOf(t, [
    ['a', 30n * NS],
    ['b', 2n ** 64n - 1n],
    ['c', 10n * NS],
    ['d', 30n * NS],
    ['e', 0n],
  ]);
  assert.equal(keys(log.inTimeOrder()), 'ecadb');
  assert.equal(keys(log.inTimeOrder({ sentFrom: 30, lastId: 3 })), 'ab');
});
