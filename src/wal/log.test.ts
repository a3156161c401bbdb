import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { Log, type LogOptions, type LogRecord, LogRefusal } from './log.ts';
import { LogReader } from './log-reader.ts';

const DAY = 86_400_000;

function setUp(t: TestContext, options: Partial<LogOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-wal-'));
  const path = join(folder, 'wal.db');
  const clock = new ManualClock(1_795_000_000_000);
  let log = new Log({ path, clock, ...options });
  t.after(() => {
    log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const reopen = (): Log => {
    log.close();
    log = new Log({ path, clock, ...options });
    return log;
  };
  return { path, clock, log, reopen };
}

const record = (key: string, size = 20, source = 'test'): LogRecord => ({
  ...{ key, kind: 'messaging.Envelope', source },
  ...{ timestampNs: 2n ** 64n - 1n, bytes: Buffer.alloc(size, key) },
});

const kept = (path: string) => {
  const reader = new LogReader(path);
  try {
    return { records: [...reader.records()], verified: reader.verify(), stats: reader.stats() };
  } finally {
    reader.close();
  }
};

test('what was answered is there, byte for byte, after the log was opened again', async (t) => {
  const { path, log, reopen } = setUp(t);
  assert.deepEqual(await Promise.all([log.append(record('a')), log.append(record('b'))]), [
    'stored',
    'stored',
  ]);
  reopen();
  const { records, verified, stats } = kept(path);
  assert.deepEqual(
    records.map(({ key }) => key),
    ['a', 'b'],
  );
  assert.deepEqual(Buffer.from(records[0]!.bytes), Buffer.alloc(20, 'a'));
  assert.equal(records[0]!.timestampNs, 2n ** 64n - 1n);
  assert.deepEqual(verified, { records: 2, damage: [], missing: 0, dropped: 0 });
  assert.equal(stats.newestNs, 2n ** 64n - 1n);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a key that comes again is kept once, in the same commit and after a restart, and uses up no id', async (t) => {
  const { path, log, reopen } = setUp(t);
  assert.deepEqual(await Promise.all([log.append(record('a')), log.append(record('a', 30))]), [
    'stored',
    'duplicate',
  ]);
  const again = reopen();
  assert.equal(await again.append(record('a')), 'duplicate');
  assert.equal(await again.append(record('b')), 'stored');
  const { records, verified } = kept(path);
  assert.deepEqual(
    records.map(({ id, key }) => [id, key]),
    [
      [1, 'a'],
      [2, 'b'],
    ],
  );
  assert.equal(verified.missing, 0);
});

test('at the bound the oldest outside of the window go and are counted; else the log is full and says so', async (t) => {
  const { path, clock, log } = setUp(t, { maxBytes: 300_000, windowMs: DAY });
  let refused: unknown;
  let count = 0;
  while (!refused && count < 1000) {
    try {
      await log.append(record(`key ${count}`, 1000));
      count++;
    } catch (error) {
      refused = error;
    }
  }
  assert.ok(refused instanceof LogRefusal && refused.reason === 'full' && refused.retryMs > 0);
  assert.match(refused.message, /at its bound of 300000 bytes/);
  assert.ok(count > 100);
  clock.advance(DAY + 1);
  assert.equal(await log.append(record('new', 1000)), 'stored');
  const { stats, verified } = kept(path);
  assert.equal(stats.dropped, count);
  assert.equal(stats.records, 1);
  assert.deepEqual(verified.damage, []);
});

test('at the bound what was applied elsewhere goes and leaves its key; what was not stays', async (t) => {
  let applied = 0;
  const spare = { kind: 'messaging.Envelope', keys: '%/metrics/%', appliedTo: () => applied };
  const { path, clock, log, reopen } = setUp(t, { maxBytes: 300_000, windowMs: DAY, spare });
  await log.append(record('host/process/1', 1000));
  let count = 0;
  const fill = async (): Promise<LogRefusal> => {
    for (;;) {
      try {
        await log.append(record(`host/metrics/${count}`, 1000));
        count++;
      } catch (error) {
        return error as LogRefusal;
      }
    }
  };
  assert.equal((await fill()).reason, 'full');
  clock.advance(3_600_001);
  assert.equal((await fill()).reason, 'full', 'none of it was applied');
  applied = 51;
  assert.equal(await log.append(record('host/process/2', 1000)), 'stored');
  const { records, stats, verified } = kept(path);
  assert.deepEqual(
    records.slice(0, 2).map(({ key }) => key),
    ['host/process/1', 'host/metrics/50'],
  );
  assert.equal(stats.dropped, 50);
  assert.deepEqual(verified.damage, []);
  const again = reopen();
  assert.equal(await again.append(record('host/metrics/7', 1000)), 'duplicate');
  assert.equal(await again.append(record('host/metrics/60', 1000)), 'duplicate');
});

test('a key that another source has used is kept for each, once, and is counted', async (t) => {
  const { path, clock, log, reopen } = setUp(t, {
    ...{ maxBytes: 110_000, windowMs: DAY },
    spare: { kind: 'messaging.Envelope', keys: 'k%', appliedTo: () => 1 },
  });
  assert.equal(await log.append(record('k', 30_000, 'squatter')), 'stored');
  assert.equal(await log.append(record('k', 20, 'owner')), 'stored');
  assert.equal(
    await log.append(record('k', 21, 'owner')),
    'duplicate',
    'sent again, with another count of tries',
  );
  assert.equal(await log.append(record('k', 30_000, 'squatter')), 'duplicate');
  const seen = kept(path).records.map(({ key, source, bytes }) => [key, source, bytes.length]);
  assert.deepEqual(seen, [
    ['k', 'squatter', 30_000],
    ['k', 'owner', 20],
  ]);
  const last = { key: 'k', source: 'owner', holder: 'squatter' };
  assert.deepEqual(log.sharedKeys(), { count: 1, last });
  // The same where of the first one only the key is left.
  clock.advance(3_600_001);
  await log.append(record('large', 50_000));
  await log.append(record('more'));
  assert.equal(kept(path).stats.dropped, 1);
  const again = reopen();
  assert.equal(await again.append(record('k', 20, 'third')), 'stored');
  assert.equal(await again.append(record('k', 20, 'squatter')), 'duplicate');
  assert.equal(await again.append(record('k', 20, 'owner')), 'duplicate');
});

test('a key that is kept for a second source is known for the whole window, also when the first one’s is gone', async (t) => {
  const { path, log, clock, reopen } = setUp(t, { maxBytes: 100_000 });
  await log.append(record('k', 50_000, 'first'));
  clock.advance(DAY / 2);
  await log.append(record('k', 10, 'second'));
  clock.advance(DAY / 2 + 1);
  while (log.figures().dropped === 0) await log.append(record(`${log.figures().lastId}`, 10_000));
  assert.deepEqual(
    kept(path).records.flatMap(({ key, source }) => (key === 'k' ? [source] : [])),
    ['second'],
  );
  assert.equal(await log.append(record('k', 10, 'second')), 'duplicate');
  assert.equal(await reopen().append(record('k', 10, 'second')), 'duplicate');
});

test('keys that an older version left are known, whosesoever they are', async (t) => {
  const { path, log, reopen } = setUp(t);
  log.close();
  const old = new DatabaseSync(path);
  old.exec(`DROP TABLE wal_keys;
    CREATE TABLE wal_keys (idempotency_key TEXT NOT NULL UNIQUE, received_at INTEGER NOT NULL);
    INSERT INTO wal_keys VALUES ('a', 1)`);
  old.close();
  assert.equal(await reopen().append(record('a')), 'duplicate');
});

test('a source that holds more than its share is refused, others are not, and it is taken again when there is room', async (t) => {
  const { path, clock, log, reopen } = setUp(t, { maxBytes: 400_000, windowMs: DAY, share: 0.5 });
  const fill = async (one: Log, source: string, most = 1000): Promise<LogRefusal | undefined> => {
    for (let left = most; left > 0; left--) {
      try {
        await one.append(record(`${source} ${clock.now()} ${left}`, 1000, source));
      } catch (error) {
        return error as LogRefusal;
      }
    }
    return undefined;
  };
  const refused = await fill(log, 'greedy');
  assert.equal(refused?.reason, 'share');
  assert.match(
    refused.message,
    /greedy holds 1\d{5} bytes of the log; at most 50 % of what the others leave/,
  );
  assert.match(log.shareProblem('greedy') ?? '', /greedy holds/);
  assert.equal(log.problem(), undefined);
  assert.equal(await fill(log, 'modest', 10), undefined, 'others go on');
  assert.equal(log.shareProblem('modest'), undefined);
  // Several that are greedy leave room as well.
  for (const name of ['b', 'c', 'd']) assert.equal((await fill(log, name))?.reason, 'share');
  assert.equal(await fill(log, 'late', 3), undefined);
  const held = log.largest(9);
  assert.deepEqual(
    held.map(({ source }) => source),
    ['greedy', 'b', 'c', 'd', 'modest', 'late'],
  );
  const again = reopen();
  assert.deepEqual(again.largest(9), held, 'it was saved');
  assert.equal((await fill(again, 'greedy'))?.reason, 'share');
  // The same after an end without notice, when it is counted.
  const thief = new DatabaseSync(path);
  thief.exec('DELETE FROM wal_held; DELETE FROM wal_held_to');
  thief.close();
  const counted = new Log({ path, clock });
  assert.deepEqual(counted.largest(9), held);
  counted.close();
  clock.advance(DAY + 1);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal(await fill(again, 'greedy', 20), undefined, 'what was older made room');
  assert.equal(again.shareProblem('greedy'), undefined);
  const total = again.largest(9).reduce((sum, { cost }) => sum + cost, 0);
  assert.ok(total > 20_000 && total < 30_000, `${total} bytes are held`);
});

test('a queue that is too long is refused with the time that it will take', async (t) => {
  const { log } = setUp(t, { maxWaiting: 2 });
  const taken = [log.append(record('a')), log.append(record('b'))];
  await assert.rejects(
    log.append(record('c')),
    (error: LogRefusal) =>
      error.reason === 'busy' && error.retryMs >= 1 && /2 records wait/.test(error.message),
  );
  assert.deepEqual(await Promise.all(taken), ['stored', 'stored']);
});

test('what waits is kept when the log is closed, and nothing is taken after', async (t) => {
  const { path, log } = setUp(t);
  const waiting = log.append(record('a'));
  log.close();
  assert.equal(await waiting, 'stored');
  await assert.rejects(log.append(record('b')), /closing/);
  assert.equal(kept(path).records.length, 1);
});

test('a log that another process holds is a refusal, not a loss, and is over when it lets go', async (t) => {
  const { path, log } = setUp(t);
  await log.append(record('a'));
  const other = new DatabaseSync(path);
  other.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  setTimeout(() => other.exec('COMMIT'), 50);
  // SQLite waits in this thread, so the other lets go only afterwards.
  await assert.rejects(log.append(record('b')), (error: LogRefusal) => error.reason === 'failed');
  assert.match(log.problem() ?? '', /cannot be written/);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(await log.append(record('b')), 'stored');
  assert.equal(log.problem(), undefined);
  other.close();
});

test('bytes that were changed on the disk are found, and so is a row that is gone', async (t) => {
  const { path, log } = setUp(t);
  for (const key of ['a', 'b', 'c', 'd']) await log.append(record(key));
  const thief = new DatabaseSync(path);
  thief.exec("UPDATE wal SET bytes = x'00' WHERE id = 2; DELETE FROM wal WHERE id = 3");
  thief.close();
  const { damage, missing } = kept(path).verified;
  assert.deepEqual(damage, [{ id: 2, what: 'the bytes do not match their checksum' }]);
  assert.equal(missing, 1);
});

test('rows that are gone are found at either end too, also in a copy; what was dropped at the bound is not among them', async (t) => {
  const { path, clock, log } = setUp(t, { maxBytes: 100_000, windowMs: 0 });
  while (log.figures().dropped === 0) {
    await log.append(record(`${clock.now()}`, 1000));
    clock.advance(1);
  }
  for (const key of ['b', 'c', 'd']) await log.append(record(key));
  const lost = (file = path): number => {
    const { missing, dropped } = kept(file).verified;
    return missing - dropped;
  };
  assert.equal(lost(), 0);
  const { firstId, lastId } = kept(path).stats;
  const thief = new DatabaseSync(path);
  thief.exec(`DELETE FROM wal WHERE id = ${lastId}`);
  assert.equal(lost(), 1);
  thief.exec(`DELETE FROM wal WHERE id = ${firstId}`);
  assert.equal(lost(), 2);
  thief.exec('DELETE FROM wal');
  thief.close();
  assert.equal(lost(), lastId! - firstId! + 1);
  const reader = new LogReader(path);
  reader.backup(`${path}.copy`);
  reader.close();
  assert.equal(lost(`${path}.copy`), lastId! - firstId! + 1);
});

test('figures are kept along with what is written and removed, and not counted anew at each look', async (t) => {
  const { path, clock, log, reopen } = setUp(t, { maxBytes: 100_000, windowMs: 0 });
  const agree = (one: Log): void => {
    const { records, fileBytes, lastId, dropped } = kept(path).stats;
    assert.deepEqual(one.figures(), { records, fileBytes, lastId, dropped });
  };
  agree(log);
  await log.appendAll([record('a'), record('b'), record('a')]);
  agree(log);
  while (log.figures().dropped === 0) {
    await log.append(record(`${clock.now()}`, 1000));
    clock.advance(1);
  }
  agree(log);
  const again = reopen();
  agree(again);
  const { records } = again.figures();
  const other = new DatabaseSync(path);
  other.exec('DELETE FROM wal');
  other.close();
  assert.equal(again.figures().records, records);
});

test('a copy made while the log is written is whole', async (t) => {
  const { path, log } = setUp(t);
  await log.append(record('a'));
  const waiting = log.append(record('b'));
  const reader = new LogReader(path);
  reader.backup(`${path}.copy`);
  reader.close();
  await waiting;
  assert.deepEqual(
    kept(`${path}.copy`).records.map(({ key }) => key),
    ['a'],
  );
  assert.equal(statSync(`${path}.copy`).mode & 0o777, 0o600);
});

test('a log from a newer version is refused, with a clear line and unharmed', async (t) => {
  const { path, log, clock } = setUp(t);
  await log.append(record('a'));
  log.close();
  const future = new DatabaseSync(path);
  future.exec('PRAGMA user_version = 99');
  assert.throws(() => new Log({ path, clock }), /from a newer Homeostat \(log version 99.*update/);
  assert.throws(() => new LogReader(path), /from a newer Homeostat/);
  assert.equal((future.prepare('SELECT COUNT(*) AS n FROM wal').get() as { n: number }).n, 1);
  future.close();
});

test('a batch is kept whole or not at all, and each of its records is answered', async (t) => {
  const { path, log } = setUp(t, { maxWaiting: 3 });
  await log.append(record('b'));
  const first = log.appendAll([record('a'), record('b'), record('a')]);
  await assert.rejects(
    log.appendAll([record('c')]),
    (error: LogRefusal) => error.reason === 'busy' && /3 records wait/.test(error.message),
  );
  assert.deepEqual(await first, ['stored', 'duplicate', 'duplicate']);
  // More than the queue takes, but nothing else waits.
  assert.equal((await log.appendAll(['d', 'e', 'f', 'g'].map((key) => record(key)))).length, 4);
  const keys = kept(path).records.map(({ key }) => key);
  assert.deepEqual(keys, ['b', 'a', 'd', 'e', 'f', 'g']);
});
