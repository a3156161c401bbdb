import assert from 'node:assert/strict';
import { existsSync, fstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { LogReader } from './log-reader.ts';
import { Outbox } from './outbox.ts';

/** A disk whose fsyncs end when they are told to. */
class Disk {
  readonly waiting: { readonly inode: number; end(error?: Error): void }[] = [];
  /** Ends each at once. */
  fast = false;
  /** The next so many say that they failed. */
  failures = 0;
  /** Called with the next that ends at once. */
  onSync: (() => void) | undefined;
  readonly synced: number[] = [];

  readonly sync = (file: number): Promise<void> => {
    const inode = fstatSync(file).ino;
    this.synced.push(inode);
    if (this.failures > 0) {
      this.failures--;
      return Promise.reject(new Error('EIO: i/o error, fdatasync'));
    }
    if (this.fast) {
      this.onSync?.();
      this.onSync = undefined;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) =>
      this.waiting.push({ inode, end: (error) => (error ? reject(error) : resolve()) }),
    );
  };

  async end(): Promise<void> {
    this.waiting.shift()!.end();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-outbox-'));
  const path = join(folder, 'wal.db');
  const clock = new ManualClock(1_795_000_000_000);
  const disk = new Disk();
  const open = (): Outbox =>
    new Outbox({
      ...{ path, clock, maxBytes: 2 ** 30, classes: ['any'], kind: 'test.Event', source: 'host' },
      sync: disk.sync,
    });
  const outbox = open();
  t.after(() => {
    outbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, path, clock, disk, outbox, open };
}

const push = (outbox: Outbox, text: string, size = text.length): void =>
  outbox.push((id) => ({ key: `${text}/${id}`, timestampNs: 5n, bytes: Buffer.alloc(size, text), rank: 0 }));

const texts = (outbox: Outbox): string =>
  outbox
    .read(0, 1000, 1e9)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join(' ');

describe('an outbox whose fsync is done beside it', () => {
  it('waits for none, and gives what is written only when it is durable', async (t) => {
    const { disk, outbox, path } = setUp(t);
    await disk.end();
    push(outbox, 'a');
    void outbox.commit();
    assert.deepEqual([texts(outbox), outbox.committedTo], ['', 0]);
    push(outbox, 'b');
    void outbox.commit();
    const later = outbox.commit();
    assert.equal(disk.waiting.length, 1, 'nothing is written before the fsync has ended');
    assert.deepEqual(outbox.waiting(), { events: 2, bytes: 2 });
    assert.equal(disk.synced.at(-1), statSync(`${path}-wal`).ino);
    await disk.end();
    assert.deepEqual([texts(outbox), outbox.committedTo], ['a', 1]);
    await disk.end();
    await later;
    assert.deepEqual([texts(outbox), outbox.problem()], ['a b', undefined]);
  });

  it('gives nothing that an agent that was killed had written, before that is durable', async (t) => {
    const { disk, outbox, open } = setUp(t);
    await disk.end();
    push(outbox, 'a');
    void outbox.commit();
    const again = open();
    assert.deepEqual([texts(again), again.waiting().events], ['', 1]);
    disk.waiting.splice(0, 1);
    await disk.end();
    assert.equal(texts(again), 'a');
    again.close();
  });

  it('makes the log durable before it goes into the database, and that before the log is begun anew', async (t) => {
    const { disk, outbox, path } = setUp(t);
    disk.fast = true;
    await disk.end();
    const [log, database] = [statSync(`${path}-wal`).ino, statSync(path).ino];
    for (let round = 0; round < 40; round++) {
      push(outbox, `${round}`, 1 << 20);
      await outbox.commit();
      outbox.acknowledge(outbox.committedTo);
    }
    assert.ok(statSync(`${path}-wal`).size < 8 << 20, 'the log is begun anew');
    assert.equal(disk.synced.filter((inode) => inode === database).length, 10);
    for (const [index, inode] of disk.synced.entries())
      if (inode === database) assert.equal(disk.synced[index - 1], log);
  });

  it('writes all of it anew after an fsync that failed, under the same name and numbers', async (t) => {
    const { disk, outbox, path, folder, clock } = setUp(t);
    disk.fast = true;
    await disk.end();
    const { id } = outbox;
    push(outbox, 'a');
    await outbox.commit();
    disk.failures = 2;
    push(outbox, 'b');
    await outbox.commit();
    assert.match(outbox.problem() ?? '', /the outbox cannot be written: EIO/);
    assert.equal(texts(outbox), 'a', 'what may not be on the disk is not sent');
    push(outbox, 'c');
    await outbox.commit();
    assert.match(outbox.problem() ?? '', /EIO/, 'the copy failed as well');
    const inode = statSync(path).ino;
    await outbox.commit();
    assert.equal(statSync(path).ino, inode, 'and is not tried again at once');
    clock.advance(30_000);
    await outbox.commit();
    assert.notEqual(statSync(path).ino, inode);
    assert.deepEqual([texts(outbox), outbox.problem()], ['a b', undefined]);
    await outbox.commit();
    assert.equal(texts(outbox), 'a b c');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    outbox.close();
    assert.deepEqual(readdirSync(folder), ['wal.db']);
    const reader = new LogReader(path);
    assert.deepEqual(
      [...reader.records()].map(({ id: number, key }) => `${number} ${key}`),
      ['1 a/1', '2 b/2', '3 c/3'],
    );
    assert.deepEqual(reader.verify().damage, []);
    reader.close();
    const again = new Outbox({
      ...{ path, clock, maxBytes: 2 ** 30, classes: ['any'], kind: 'test.Event', source: 'host' },
    });
    assert.equal(again.id, id);
    again.close();
  });

  it('is not made anew while another program has it open: that one would keep the write-ahead log of the old file, which is none of the new', async (t) => {
    const { disk, outbox, path, clock } = setUp(t);
    disk.fast = true;
    await disk.end();
    for (let round = 0; round < 12; round++) {
      push(outbox, `${round}`, 1 << 19);
      await outbox.commit();
    }
    outbox.acknowledge(outbox.committedTo - 2);
    push(outbox, 'a');
    await outbox.commit();
    const other = new DatabaseSync(path, { readOnly: true });
    other.prepare('SELECT COUNT(*) FROM wal').get();
    disk.failures = 1;
    push(outbox, 'b');
    await outbox.commit();
    await outbox.commit();
    assert.match(outbox.problem() ?? '', /another program has it open/);
    assert.deepEqual(
      { ...other.prepare('SELECT COUNT(*) AS records FROM wal').get() },
      { records: 4 },
      'and that one goes on reading',
    );
    other.close();
    push(outbox, 'c');
    clock.advance(30_000);
    await outbox.commit();
    await outbox.commit();
    assert.equal(outbox.problem(), undefined);
    assert.deepEqual(
      outbox.read(12, 10, 1e9).map(({ bytes }) => Buffer.from(bytes).toString()),
      ['a', 'b', 'c'],
    );
    const reader = new LogReader(path);
    t.after(() => reader.close());
    assert.deepEqual(reader.verify().damage, []);
  });

  it('goes on by itself where it could not be opened for a while after it was made anew', async (t) => {
    const { disk, outbox, path, clock } = setUp(t);
    disk.fast = true;
    await disk.end();
    push(outbox, 'a');
    await outbox.commit();
    disk.failures = 1;
    push(outbox, 'b');
    await outbox.commit();
    const number = (version: number): void => {
      const file = new DatabaseSync(existsSync(`${path}.new`) ? `${path}.new` : path);
      file.exec(`PRAGMA user_version = ${version}`);
      file.close();
    };
    disk.onSync = () => number(99);
    await outbox.commit();
    assert.match(outbox.problem() ?? '', /from a newer Homeostat/);
    push(outbox, 'c');
    await outbox.commit();
    number(1);
    clock.advance(30_000);
    await outbox.commit();
    await outbox.commit();
    assert.deepEqual([texts(outbox), outbox.problem()], ['a b c', undefined]);
  });
});
