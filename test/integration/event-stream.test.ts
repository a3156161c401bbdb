import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
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
    for (const gauge of ['bytes', 'max_bytes', 'waiting', 'dropped_total', 'refusing'])
      assert.match(figures, new RegExp(`^hub_log_${gauge} \\d+$`, 'm'));
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
      [batchOf(1, many), /more than 5000 events came with a credit of \d+/],
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
