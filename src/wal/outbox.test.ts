import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { LogReader } from './log-reader.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

const CLASSES = ['metrics', 'snapshots', 'findings'];

function setUp(t: TestContext, options: Partial<OutboxOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-outbox-'));
  const path = join(folder, 'wal.db');
  const clock = new ManualClock(1_795_000_000_000);
  const open = (): Outbox =>
    new Outbox({
      ...{ path, clock, maxBytes: 2 ** 30, classes: CLASSES, kind: 'test.Event', source: 'host' },
      ...options,
    });
  const opened: Outbox[] = [];
  const reopen = (): Outbox => {
    opened.at(-1)?.close();
    const outbox = open();
    opened.push(outbox);
    return outbox;
  };
  t.after(() => {
    opened.at(-1)?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, clock, outbox: reopen(), reopen, open };
}

function push(outbox: Outbox, rank: number, text: string, size = text.length): void {
  const bytes = Buffer.alloc(size, text);
  outbox.push((id) => ({ key: `${text}/${id}`, timestampNs: 5n, bytes, rank }));
}

const texts = (outbox: Outbox, after = 0, events = 1000, bytes = 1e9): string[] =>
  outbox.read(after, events, bytes).map((entry) => Buffer.from(entry.bytes).toString());

describe('an outbox', () => {
  it('gives what was committed in its order, and nothing that was not', (t) => {
    const { outbox } = setUp(t);
    for (const text of ['a', 'b']) push(outbox, 0, text);
    assert.deepEqual(texts(outbox), []);
    outbox.commit();
    push(outbox, 2, 'c');
    assert.deepEqual(texts(outbox), ['a', 'b']);
    assert.deepEqual(outbox.waiting(), { events: 3, bytes: 3 });
  });

  it('gives no more than is asked for, but one event however large', (t) => {
    const { outbox } = setUp(t);
    for (const text of ['aaaa', 'bb', 'cc', 'd']) push(outbox, 0, text);
    outbox.commit();
    assert.deepEqual(texts(outbox, 0, 2), ['aaaa', 'bb']);
    assert.deepEqual(texts(outbox, 0, 10, 3), ['aaaa']);
    assert.deepEqual(texts(outbox, 1, 10, 4), ['bb', 'cc']);
    assert.deepEqual(texts(outbox, 4), []);
  });

  it('keeps what is not acknowledged over a restart, and no number is ever used again', (t) => {
    const { outbox, reopen } = setUp(t);
    for (const text of ['a', 'b', 'c']) push(outbox, 0, text);
    outbox.commit();
    outbox.acknowledge(2);
    assert.deepEqual(outbox.waiting(), { events: 1, bytes: 1 });
    const again = reopen();
    assert.deepEqual(texts(again), ['c']);
    again.acknowledge(3);
    const empty = reopen();
    assert.deepEqual(empty.waiting(), { events: 0, bytes: 0 });
    push(empty, 0, 'd');
    empty.commit();
    assert.deepEqual(
      empty.read(0, 10, 100).map(({ id }) => id),
      [4],
    );
  });

  it('reads after a crash what was committed', (t) => {
    const { path, outbox } = setUp(t);
    push(outbox, 0, 'kept');
    outbox.commit();
    push(outbox, 0, 'not yet');
    // Another connection sees what a process that starts after a kill would see.
    const reader = new LogReader(path);
    const { damage } = reader.verify();
    const keys = [...reader.records()].map(({ key }) => key);
    reader.close();
    assert.deepEqual({ keys, damage }, { keys: ['kept/1'], damage: [] });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('drops the oldest of the least important class first at its bound, and counts each class', (t) => {
    const { outbox, clock, reopen } = setUp(t, { maxBytes: 2 ** 20 });
    push(outbox, 2, 'finding', 1000);
    for (let round = 0; round < 100; round++) {
      for (let event = 0; event < 20; event++) push(outbox, event % 2, event % 2 ? 's' : 'm', 1000);
      clock.advance(1000);
      outbox.commit();
    }
    const counts = (one: Outbox) => Object.fromEntries(one.dropped().map((d) => [d.class, d.count]));
    const dropped = counts(outbox);
    const kept = texts(outbox, 0, 1e6).map((text) => text[0]);
    const of = (first: string): number => kept.filter((text) => text === first).length;
    assert.equal(of('f'), 1, 'the most important one stays');
    assert.deepEqual([of('m') + dropped.metrics!, of('s') + (dropped.snapshots ?? 0)], [1000, 1000]);
    assert.ok(dropped.metrics! > 0 && of('m') < of('s'), `${of('m')} metrics, ${of('s')} snapshots`);
    assert.equal(outbox.waiting().events, kept.length);
    assert.ok(
      outbox.dropped().every(({ lastAt }) => lastAt <= clock.now() && lastAt > clock.now() - 100_000),
    );
    assert.deepEqual(counts(reopen()), dropped, 'the counts outlive a restart');
  });

  it('gives the disk back when it has drained', (t) => {
    const { path, outbox, reopen } = setUp(t);
    for (let event = 0; event < 10_000; event++) push(outbox, 0, 'm', 1000);
    outbox.commit();
    outbox.acknowledge(outbox.committedTo);
    for (let second = 0; second < 30; second++) {
      push(outbox, 0, 'n');
      outbox.commit();
      outbox.acknowledge(outbox.committedTo);
    }
    reopen();
    assert.ok(statSync(path).size < 2 ** 21, `${statSync(path).size} bytes`);
  });

  it('waits in memory, within its bound, while the disk takes nothing, and says why', (t) => {
    const { path, outbox } = setUp(t, { maxPendingBytes: 10_000 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    push(outbox, 2, 'finding', 1000);
    for (let event = 0; event < 30; event++) push(outbox, 0, `${event}`, 1000);
    outbox.commit();
    assert.match(outbox.problem() ?? '', /the outbox cannot be written: .*locked/);
    assert.ok(outbox.waiting().bytes <= 10_000);
    other.exec('ROLLBACK');
    other.close();
    outbox.commit();
    assert.equal(outbox.problem(), undefined);
    const kept = texts(outbox);
    const [dropped] = outbox.dropped();
    assert.equal(kept.length + dropped!.count, 31);
    assert.equal(kept[0]![0], 'f');
    assert.ok(kept.at(-1)!.startsWith('29'), 'the newest stays');
  });

  it('counts what waits rightly when rows are dropped that were sent already', (t) => {
    const { outbox } = setUp(t, { maxBytes: 2 ** 20 });
    for (let event = 0; event < 900; event++) push(outbox, 0, 'm', 1000);
    outbox.commit();
    const sent = outbox.read(0, 100, 1e9).at(-1)!.id;
    for (let event = 0; event < 900; event++) push(outbox, 0, 'n', 1000);
    outbox.commit();
    outbox.acknowledge(sent);
    assert.equal(outbox.waiting().events, texts(outbox, sent, 1e6).length);
  });
});
