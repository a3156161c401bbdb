import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { batchOf, Publisher, StreamPublisher } from '../support/bus.ts';
import { type BusServerOptions, busServer } from '../support/bus-server.ts';
import { framed, rawCall, rawSession, statusOf, tlsOptions } from '../support/raw-client.ts';

const STREAM = '/homeostat.v1.TelemetryService/Publish';
const UNARY = '/messaging.UniversalEventBus/PublishTelemetry';
const { STATUS_OK, STATUS_RETRY } = PublishResponse_Status;
const { DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED } = {
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
};

/** A bus with a good client, whose publishes must all be taken, and a certificate for a bad one. */
async function setUp(t: TestContext, options: BusServerOptions = {}) {
  const server = await busServer(t, ['good', 'bad'], options);
  const { address, folder } = server;
  const stream = (name: string): StreamPublisher => {
    const made = new StreamPublisher(address, folder, name);
    t.after(() => made.close());
    return made;
  };
  const publisher = (name: string): Publisher => {
    const made = new Publisher(address, folder, name);
    t.after(() => made.close());
    return made;
  };
  const socket = (localAddress: string): net.Socket => {
    const made = net.connect({ host: '127.0.0.1', port: server.port, localAddress });
    made.on('error', () => {});
    t.after(() => made.destroy());
    return made;
  };
  const good = { stream: stream('good'), publisher: publisher('good'), batches: 0 };
  await good.stream.next();
  /** The others, on connections that they have and on a new one: nothing of theirs is refused. */
  const othersAreServed = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      good.stream.send(batchOf(++good.batches, [`good ${good.batches}`]));
      assert.equal((await good.stream.next()).status, STATUS_OK);
      assert.equal(await good.publisher.publish(`good unary ${good.batches}`), 'OK');
    }
    const late = new Publisher(address, folder, 'good');
    assert.equal(await late.publish(`late ${good.batches}`), 'OK');
    late.close();
    const kept = new Set(server.keys());
    for (let batch = 1; batch <= good.batches; batch++)
      assert.ok(kept.has(`good ${batch}`) && kept.has(`good unary ${batch}`));
  };
  const limitsOf = (client: string) =>
    server.bus.limitedClients().find((limited) => limited.client === client)?.limits ?? {};
  return { ...server, stream, publisher, socket, othersAreServed, limitsOf };
}

async function until(met: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !met(); tries++) await sleep(25);
  assert.ok(met());
}

const keysOf = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe('a client that sends more events than it may', () => {
  it('is told when to come again, is taken then, and costs the others nothing', async (t) => {
    const limits = { eventsPerSecond: 100, burstSeconds: 1 };
    const { stream, othersAreServed, limitsOf, keys, bus } = await setUp(t, { limits });
    const bad = stream('bad');
    await bad.next();
    bad.send(batchOf(1, keysOf('first', 100)));
    assert.equal((await bad.next()).status, STATUS_OK);
    bad.send(batchOf(2, keysOf('second', 50)));
    const { status, reason, backoffHintMs, credit } = await bad.next();
    assert.deepEqual([status, credit], [STATUS_RETRY, 50]);
    assert.match(reason, /^bad sends more than 100 events a second$/);
    assert.ok(backoffHintMs > 0 && backoffHintMs <= 500, `${backoffHintMs}`);
    await othersAreServed();
    await sleep(backoffHintMs);
    bad.send(batchOf(3, keysOf('second', 50)));
    assert.equal((await bad.next()).status, STATUS_OK);
    assert.equal(keys().filter((key) => !key.includes('good') && !key.includes('late')).length, 150);
    assert.deepEqual(limitsOf('bad'), { events: 1 });
    assert.match(bus.metrics.text(), /^bus_limited_total\{limit="events"\} 1$/m);
  });

  it('and does not wait is read no faster', async (t) => {
    const { stream, othersAreServed, keys } = await setUp(t, {
      limits: { eventsPerSecond: 50, burstSeconds: 1 },
    });
    const bad = stream('bad');
    await bad.next();
    const answered: number[] = [];
    const reading = (async () => {
      for (;;) answered.push((await bad.next()).status);
    })().catch(() => {});
    for (let batch = 1; batch <= 300; batch++) bad.send(batchOf(batch, keysOf(`flood ${batch}`, 10)));
    await othersAreServed();
    assert.ok(answered.length < 300, `${answered.length} answers`);
    assert.ok(keys().filter((key) => key.startsWith('flood')).length < 3000);
    bad.close();
    await reading;
  });

  it('on all of its streams at once has its part of each commit, and all is taken in the end', async (t) => {
    const { stream, othersAreServed, keys } = await setUp(t, { limits: { waitingEvents: 100 } });
    const streams = Array.from({ length: 4 }, () => stream('bad'));
    const BATCHES = 50;
    const flood = streams.map(async (one, number) => {
      await one.next();
      for (let batch = 1; batch <= BATCHES; batch++)
        one.send(batchOf(batch, keysOf(`part ${number} ${batch}`, 80)));
      for (let batch = 1; batch <= BATCHES; batch++) assert.equal((await one.next()).status, STATUS_OK);
    });
    await othersAreServed();
    await Promise.all(flood);
    assert.equal(keys().filter((key) => key.startsWith('part')).length, 4 * BATCHES * 80);
  });

  it('one by one is told QUOTA_EXCEEDED', async (t) => {
    const limits = { callsPerSecond: 10, burstSeconds: 1 };
    const { address, folder, limitsOf } = await setUp(t, { limits });
    const bad = new Publisher(address, folder, 'bad');
    const answers = await Promise.all(keysOf('one', 30).map((key) => bad.publish(key)));
    bad.close();
    assert.ok(answers.filter((answer) => answer === 'OK').length >= 10);
    const refused = answers.filter((answer) => answer === 'QUOTA_EXCEEDED').length;
    assert.ok(refused > 0);
    assert.equal(limitsOf('bad').calls, refused);
  });
});

describe('a client that sends more bytes than it may', () => {
  it('is read later; nothing of it is refused, and the others do not wait', async (t) => {
    const limits = { bytesPerSecond: 50_000, burstSeconds: 1 };
    const { stream, othersAreServed, limitsOf } = await setUp(t, { limits });
    const bad = stream('bad');
    await bad.next();
    for (let batch = 1; batch <= 8; batch++)
      bad.send(batchOf(batch, keysOf(`${batch} ${'x'.repeat(400)}`, 30)));
    await othersAreServed();
    for (let batch = 1; batch <= 4; batch++) assert.equal((await bad.next()).status, STATUS_OK);
    assert.ok(limitsOf('bad').bytes! > 0);
  });

  it('or announces a message that never comes, waits alone and is ended', async (t) => {
    const limits = { uploads: 2, uploadMs: 300 };
    const { port, folder, othersAreServed, limitsOf } = await setUp(t, { limits });
    const session = rawSession(port, folder, 'bad');
    t.after(() => session.destroy());
    const calls = Array.from({ length: 5 }, () => {
      const call = rawCall(session, UNARY);
      call.write(framed(Buffer.alloc(100), { length: 100_000 }));
      return statusOf(call);
    });
    await othersAreServed();
    assert.deepEqual(await Promise.all(calls), Array(5).fill(DEADLINE_EXCEEDED));
    assert.equal(limitsOf('bad').slow_upload, 5);
  });

  it('in a message beyond every bound, or one that unpacks to it, is refused', async (t) => {
    const { port, folder, othersAreServed } = await setUp(t);
    const session = rawSession(port, folder, 'bad');
    t.after(() => session.destroy());
    const large = rawCall(session, UNARY);
    large.write(framed(Buffer.alloc(10), { length: 2 ** 31 }));
    assert.equal(await statusOf(large), RESOURCE_EXHAUSTED);
    const bomb = rawCall(session, UNARY, { 'grpc-encoding': 'gzip' });
    bomb.end(framed(gzipSync(Buffer.alloc(50 * 2 ** 20)), { compressed: true }));
    assert.equal(await statusOf(bomb), RESOURCE_EXHAUSTED);
    const crowd = rawCall(session, STREAM);
    // A batch of half a million empty events.
    crowd.write(framed(Buffer.from([0x08, 1, ...Buffer.alloc(1_000_000, Buffer.from([0x12, 0]))])));
    assert.equal(await statusOf(crowd), RESOURCE_EXHAUSTED);
    await othersAreServed();
  });
});

describe('a client that does not read its answers', () => {
  it('is not read either, and is ended', async (t) => {
    const { port, folder, othersAreServed, limitsOf, bus, keys } = await setUp(t, {
      limits: { slowReaderMs: 300 },
    });
    // A window of nothing: the hub may not send one byte of an answer.
    const session = rawSession(port, folder, 'bad', { initialWindowSize: 0 });
    const ended = new Promise((resolve) => session.once('close', resolve));
    const call = rawCall(session, STREAM);
    for (let batch = 1; batch <= 5000; batch++) call.write(framed(batchOf(batch, [`unread ${batch}`])));
    await othersAreServed();
    await ended;
    await until(() => bus.connections().streams === 1);
    assert.deepEqual(limitsOf('bad'), { slow_reader: 1 });
    const taken = keys().filter((key) => key.startsWith('unread')).length;
    assert.ok(taken > 0 && taken < 2500, `${taken} of 5000 were taken`);
  });
});

describe('a client that is gone and did not say so', () => {
  it('is found by its silence', async (t) => {
    const { port, folder, bus, othersAreServed } = await setUp(t, {
      limits: { keepaliveMs: 200, keepaliveTimeoutMs: 200 },
    });
    // A network that lets nothing through any more, and tells nobody.
    let cut = false;
    const network = net.createServer((client) => {
      const server = net.connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.on('data', (bytes) => cut || to.write(bytes));
        from.on('error', () => {});
      }
      t.after(() => {
        client.destroy();
        server.destroy();
      });
    });
    t.after(() => network.close());
    network.listen(0, '127.0.0.1');
    await once(network, 'listening');
    const { port: through } = network.address() as net.AddressInfo;
    const lost = new StreamPublisher(`127.0.0.1:${through}`, folder, 'bad');
    t.after(() => lost.close());
    await lost.next();
    assert.equal(bus.connections().streams, 2);
    cut = true;
    await until(() => bus.connections().streams === 1);
    await othersAreServed();
  });
});

describe('a client with many connections', () => {
  it('has as many as it may', async (t) => {
    const { publisher, limitsOf, othersAreServed } = await setUp(t, { limits: { connectionsAClient: 5 } });
    const session = () => publisher('bad');
    for (let count = 0; count < 5; count++)
      assert.equal(await session().publish(`connection ${count}`), 'OK');
    assert.equal(await session().publish('one more'), 'RESOURCE_EXHAUSTED');
    assert.deepEqual(limitsOf('bad'), { connections: 1 });
    await othersAreServed();
  });

  it('or with many calls has as many as it may', async (t) => {
    const limits = { openCalls: 20, uploads: 2, uploadMs: 500 };
    const { port, folder, limitsOf, othersAreServed } = await setUp(t, { limits });
    const session = rawSession(port, folder, 'bad');
    t.after(() => session.destroy());
    const calls = Array.from({ length: 30 }, () => {
      const call = rawCall(session, UNARY);
      call.write(framed(Buffer.alloc(10), { length: 100 }));
      return statusOf(call);
    });
    await othersAreServed();
    const refused = (await Promise.all(calls)).filter((status) => status === RESOURCE_EXHAUSTED);
    assert.equal(refused.length, 10);
    assert.equal(limitsOf('bad').open_calls, 10);
  });

  it('or nobody known, thousands that say nothing, holds only the places of its own address', async (t) => {
    const limits = { pending: 100, pendingMs: 1500, connectsPerSecond: 1e6, connectsBurst: 1e6 };
    const { socket, bus, othersAreServed } = await setUp(t, { limits });
    const silent = Array.from({ length: 2000 }, () => socket('127.0.0.2'));
    await Promise.all(silent.map((one) => once(one, 'connect')));
    await othersAreServed();
    await until(() => bus.connections().pending === 0);
    const { pending, no_call } = bus.connections().refused;
    assert.equal(pending + no_call, 2000);
    assert.ok(pending >= 1800, `${pending}`);
  });

  it('that come faster than they may is not heard at all', async (t) => {
    const limits = { connectsPerSecond: 1, connectsBurst: 30 };
    const { socket, bus, othersAreServed } = await setUp(t, { limits });
    const many = Array.from({ length: 500 }, () => socket('127.0.0.2'));
    await until(() => bus.connections().refused.address_rate >= 400);
    await othersAreServed();
    for (const one of many) one.destroy();
  });

  it('and no certificate gets nowhere', async (t) => {
    const { port, folder, bus, othersAreServed } = await setUp(t);
    const { ca } = tlsOptions(folder, 'good');
    const shaking = Array.from({ length: 100 }, async () => {
      const socket = tls.connect({
        host: '127.0.0.1',
        port,
        ca: ca!,
        servername: 'localhost',
        ALPNProtocols: ['h2'],
      });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await othersAreServed();
    await Promise.all(shaking);
    await until(() => bus.connections().pending === 0);
  });
});

describe('garbage', () => {
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 251));

  it('instead of a handshake, of HTTP/2, of a frame, of a call or of a message harms nobody', async (t) => {
    const { port, folder, socket, bus, othersAreServed } = await setUp(t);
    const plain = socket('127.0.0.1');
    const plainEnded = new Promise((resolve) => plain.once('close', resolve));
    plain.write(noise);
    await plainEnded;
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    for (const start of [Buffer.alloc(0), preface]) {
      const inside = tls.connect({ ...tlsOptions(folder, 'bad'), port });
      inside.on('error', () => {});
      inside.resume();
      inside.write(Buffer.concat([start, noise]));
      await new Promise((resolve) => inside.once('close', resolve));
    }
    const session = rawSession(port, folder, 'bad');
    t.after(() => session.destroy());
    assert.equal(await statusOf(rawCall(session, '/no.such.Service/Method')), UNIMPLEMENTED);
    const page = rawCall(session, UNARY, { 'content-type': 'text/html' });
    page.end(noise);
    assert.equal(await statusOf(page), undefined);
    for (const path of [STREAM, UNARY]) {
      const call = rawCall(session, path);
      call.end(noise);
      assert.ok((await statusOf(call))! > 0);
    }
    await othersAreServed();
    await until(() => bus.connections().streams === 1);
  });

  it('that resets each call at once costs its own connection', async (t) => {
    const { port, folder, othersAreServed } = await setUp(t);
    const session = rawSession(port, folder, 'bad');
    t.after(() => session.destroy());
    const ended = new Promise((resolve) => session.once('close', resolve));
    const flood = (): void => {
      if (session.destroyed) return;
      const call = rawCall(session, UNARY);
      setImmediate(() => call.close(8));
      call.once('close', () => setImmediate(flood));
    };
    for (let count = 0; count < 50; count++) flood();
    await othersAreServed();
    await ended;
  });
});

describe('a log that takes nothing now', () => {
  it('lets a stream go on: a batch is to be sent again, whole, and is taken when there is room', async (t) => {
    const { stream, keys, bus } = await setUp(t, { log: { maxBytes: 300_000, windowMs: 1000 } });
    const client = stream('bad');
    await client.next();
    let sequence = 0;
    let refusal: Awaited<ReturnType<typeof client.next>> | undefined;
    const acknowledged: string[] = [];
    while (!refusal && sequence < 500) {
      const batch = keysOf(`${++sequence} ${'x'.repeat(400)}`, 10);
      client.send(batchOf(sequence, batch));
      const answer = await client.next();
      if (answer.status === STATUS_OK) acknowledged.push(...batch);
      else refusal = answer;
    }
    assert.match(refusal!.reason, /at its bound of 300000 bytes/);
    assert.ok(refusal!.backoffHintMs > 0);
    assert.equal(refusal!.credit, 10, 'what was refused may be sent again');
    const there = new Set(keys());
    assert.deepEqual(
      acknowledged.filter((key) => !there.has(key)),
      [],
    );
    assert.equal(
      keys().some((key) => key.startsWith(`${sequence} `)),
      false,
      'nothing of it was kept',
    );
    assert.match(bus.metrics.text(), /^bus_retry_total 1$/m);
    // What is older than the window makes room.
    await sleep(1100);
    client.send(batchOf(++sequence, keysOf('again', 10)));
    assert.equal((await client.next()).status, STATUS_OK);
    assert.equal(keys().filter((key) => key.startsWith('again')).length, 10);
  });
});
