import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { LogReader } from '../../src/wal/log-reader.ts';
import { batchOf, StreamPublisher } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { HubProcess, logOf } from '../support/hub.ts';

async function setUp(t: TestContext) {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const issued = await homeostat(folder, ['hub', 'issue', 'host', '--data', data, '--out', folder]);
  assert.equal(issued.code, 0, issued.stderr);
  const hub = await HubProcess.start(data);
  t.after(() => hub.end('SIGKILL'));
  const open = (address = hub.address): StreamPublisher => {
    const stream = new StreamPublisher(address, folder, 'host');
    t.after(() => stream.close());
    return stream;
  };
  return { data, hub, open };
}

function keysIn(data: string): string[] {
  const reader = new LogReader(logOf(data));
  const keys = [...reader.records()].map(({ key }) => key);
  const { damage, missing } = reader.verify();
  reader.close();
  assert.deepEqual({ damage, missing }, { damage: [], missing: 0 });
  return keys;
}

const { STATUS_OK } = PublishResponse_Status;

describe('a stream of batches', () => {
  it('is granted credit first, and each batch is answered in its order when it is on disk', async (t) => {
    const { data, hub, open } = await setUp(t);
    const stream = open();
    const { sequence, credit } = await stream.next();
    assert.equal(sequence, 0n);
    assert.ok(credit >= 1000);
    for (let batch = 1; batch <= 5; batch++) stream.send(batchOf(batch, [`${batch}a`, `${batch}b`]));
    for (let batch = 1n; batch <= 5n; batch++) {
      const answer = await stream.next();
      assert.deepEqual(
        { sequence: answer.sequence, status: answer.status, credit: answer.credit },
        { sequence: batch, status: STATUS_OK, credit: 2 },
      );
    }
    assert.equal(keysIn(data).length, 10);
    const figures = await (await fetch(`${hub.figures}/metrics`)).text();
    assert.match(figures, /^bus_events_total 10$/m);
  });

  it('keeps an event that comes again once, and refuses one without a key alone', async (t) => {
    const { data, open } = await setUp(t);
    const stream = open();
    await stream.next();
    stream.send(batchOf(1, ['a', 'b']));
    await stream.next();
    stream.send(batchOf(2, ['b', '', 'c']));
    const { status, duplicates, rejections } = await stream.next();
    assert.deepEqual(
      { status, duplicates, rejections },
      { status: STATUS_OK, duplicates: 1, rejections: [{ index: 1, reason: 'idempotency_key is missing' }] },
    );
    assert.deepEqual(keysIn(data), ['a', 'b', 'c']);
  });

  it('ends, with the reason, where a batch is missing, is empty, is none, or was not granted', async (t) => {
    const { data, open } = await setUp(t);
    const many = Array.from({ length: 6000 }, (_, index) => `${index}`);
    const wrong: [Buffer, RegExp][] = [
      [batchOf(2, ['late']), /sequence 2 came where 1 was due/],
      [batchOf(1, []), /batch 1 has no events/],
      [Buffer.from('garbage'), /no PublishRequest/],
      [batchOf(1, many), /6000 events came with a credit of \d+/],
    ];
    for (const [bytes, reason] of wrong) {
      const stream = open();
      await stream.next();
      stream.send(bytes);
      await assert.rejects(stream.next(), reason);
    }
    const fine = open();
    await fine.next();
    fine.send(batchOf(1, ['fine']));
    assert.equal((await fine.next()).status, STATUS_OK);
    assert.deepEqual(keysIn(data), ['fine']);
  });

  it('is one of four that a client may have', async (t) => {
    const { open } = await setUp(t);
    for (let count = 0; count < 4; count++) await open().next();
    await assert.rejects(open().next(), /host has 4 streams open/);
  });

  it('ends when the hub stops, which does not wait for it', async (t) => {
    const { hub, open } = await setUp(t);
    const stream = open();
    await stream.next();
    const ended = assert.rejects(stream.next(), /the hub stops/);
    assert.equal(await hub.end(), 0);
    await ended;
  });
});

describe('a hub that is killed while a stream publishes', () => {
  it('has each acknowledged event once when it is back, also after all were sent again', async (t) => {
    const { data, hub, open } = await setUp(t);
    await hub.end('SIGKILL');
    const acknowledged = new Set<string>();
    const sent: string[] = [];
    for (let round = 0; round < 5; round++) {
      const again = await HubProcess.start(data);
      t.after(() => again.end('SIGKILL'));
      const stream = open(again.address);
      await stream.next();
      // What was on its way when the hub died comes again, before what is new.
      const unsure = sent.filter((key) => !acknowledged.has(key));
      const batches = [unsure, ...Array.from({ length: 60 }, (_, batch) => keysOf(round, batch))].filter(
        ({ length }) => length > 0,
      );
      const publishing = publish(stream, batches, acknowledged);
      sent.push(...batches.flat());
      await setTimeout(20 + round * 15);
      await again.end('SIGKILL');
      await publishing;
    }
    assert.ok(acknowledged.size > 0);
    const kept = keysIn(data);
    assert.equal(new Set(kept).size, kept.length);
    const there = new Set(kept);
    assert.deepEqual(
      [...acknowledged].filter((key) => !there.has(key)),
      [],
    );
  });
});

const keysOf = (round: number, batch: number): string[] =>
  Array.from({ length: 20 }, (_, event) => `${round}-${batch}-${event}`);

/** One batch after the other until the stream ends. */
async function publish(stream: StreamPublisher, batches: readonly string[][], acknowledged: Set<string>) {
  try {
    for (const [index, keys] of batches.entries()) {
      stream.send(batchOf(index + 1, keys));
      const { status } = await stream.next();
      if (status === STATUS_OK) for (const key of keys) acknowledged.add(key);
    }
  } catch {
    // The hub was killed: what has no answer is sent again in the next round.
  }
}
