import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../lib/clock.ts';
import { Log, type LogRecord } from './log.ts';
import { LogReader } from './log-reader.ts';

const record = (key: string, size: number, source = 'test'): LogRecord => ({
  ...{ key, kind: 'homeostat.v1.Event', source, timestampNs: 1n, bytes: Buffer.alloc(size, key || '-') },
});

/** What the log promises, in memory: each key of a source once, ids without a gap, in the order in which the records came. */
class Model {
  readonly keys: string[] = [];
  readonly known = new Set<string>();

  append(records: readonly LogRecord[]): string[] {
    return records.map(({ key, source }) => {
      const name = `${source} ${key}`;
      if (this.known.has(name)) return 'duplicate';
      this.known.add(name);
      this.keys.push(name);
      return 'stored';
    });
  }
}

/** Mostly one source's; some are of another, and some look as if the log had made them of another's. */
const key = fc.record({
  source: fc.oneof({ weight: 6, arbitrary: fc.constant('a') }, fc.constantFrom('b', 'c')),
  key: fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 300 }).map((number) => `key ${number}`) },
    fc.nat({ max: 30 }).map((number) => `\u001fb\u001fkey ${number}`),
  ),
});
const batch = fc.array(key, { maxLength: 150 });

test('in batches of any size, with any keys among them that were there before, each key of a source is kept once, in order, without a gap in the ids', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-wal-'));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        const path = join(folder, `${run++}.db`);
        const log = new Log({ path, clock: new ManualClock(1_795_000_000_000) });
        const model = new Model();
        try {
          const records = batches.map((keys) => keys.map((one) => record(one.key, 20, one.source)));
          // The first ones share a commit, the others have one each.
          const first = await Promise.all(records.slice(0, 2).map((some) => log.appendAll(some)));
          const later = [];
          for (const some of records.slice(2)) later.push(await log.appendAll(some));
          const expected = records.map((some) => model.append(some));
          assert.deepEqual([...first, ...later], expected);
        } finally {
          log.close();
        }
        const reader = new LogReader(path);
        const kept = [...reader.records()].map(({ id, key, source }) => [id, `${source} ${key}`]);
        assert.deepEqual(
          kept,
          model.keys.map((key, index) => [index + 1, key]),
        );
        const records = model.keys.length;
        assert.deepEqual(reader.verify(), { records, damage: [], missing: 0, dropped: 0 });
        reader.close();
      }),
      { numRuns: 25, seed: 11 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('records of the largest size are kept whole beside small ones', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-wal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'wal.db');
  const log = new Log({ path, clock: new ManualClock(1_795_000_000_000) });
  const records = Array.from({ length: 70 }, (_, index) =>
    record(`key ${index}`, index % 3 === 0 ? 131_072 : 10),
  );
  assert.deepEqual(new Set(await log.appendAll(records)), new Set(['stored']));
  log.close();
  const reader = new LogReader(path);
  t.after(() => reader.close());
  assert.deepEqual(
    [...reader.records()].map(({ key, bytes }) => [key, bytes.length]),
    records.map(({ key, bytes }) => [key, bytes.length]),
  );
  assert.deepEqual(reader.verify(), { records: 70, damage: [], missing: 0, dropped: 0 });
});
