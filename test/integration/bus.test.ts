import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { LogReader } from '../../src/wal/log-reader.ts';
import { batchOf, Publisher, StreamPublisher } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { enrolHosts, type HubOptions, HubProcess, logOf } from '../support/hub.ts';
import { onSmallDisk, seenBy } from '../support/private-mounts.ts';
import { makeStubs, python } from '../support/python-client.ts';

/** A hub, and a folder with the certificate of `client`. */
async function setUp(t: TestContext, options: HubOptions = {}) {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const issued = await homeostat(folder, ['hub', 'issue', 'client', '--data', data, '--out', folder]);
  assert.equal(issued.code, 0, issued.stderr);
  const hub = await HubProcess.start(data, options);
  t.after(() => hub.end('SIGKILL'));
  return { folder, data, hub };
}

describe('a client of others, in Python with stubs of its own', () => {
  it('publishes 615 processes, each once however often it comes, and each byte of them is kept', async (t) => {
    const { folder, data, hub } = await setUp(t);
    const stubs = makeStubs(folder);
    assert.deepEqual((await python(stubs, hub, folder, 615, '--duplicate')).answers, { OK: 1230 });
    assert.deepEqual((await python(stubs, hub, folder, 3, '--flow')).answers, { OK: 3 });
    await hub.end();
    const reader = new LogReader(logOf(data));
    const { records } = reader.stats();
    const [first] = reader.records();
    const verified = reader.verify();
    reader.close();
    assert.equal(records, 618);
    assert.equal(first?.source, 'client');
    assert.deepEqual(verified, { records: 618, damage: [], missing: 0, dropped: 0 });
    // Field 900 of the envelope, which nobody here knows.
    assert.ok(Buffer.from(first.bytes).includes(Buffer.from('kept as it came')));
  });

  it('streams batches as an agent does, each event once however often it comes', async (t) => {
    const { folder, data, hub } = await setUp(t);
    const stubs = makeStubs(folder);
    const { answers } = await python(stubs, hub, folder, 615, '--stream', '--duplicate');
    assert.deepEqual(answers, { STATUS_OK: 1230, duplicates: 615 });
    await hub.end();
    const reader = new LogReader(logOf(data));
    const verified = reader.verify();
    reader.close();
    assert.deepEqual(verified, { records: 615, damage: [], missing: 0, dropped: 0 });
  });

  it('is told which field is wrong', async (t) => {
    const { folder, hub } = await setUp(t);
    const stubs = makeStubs(folder);
    const wrong = async (option: string) => (await python(stubs, hub, folder, 1, option)).reason;
    assert.match(await wrong('--nokey'), /^idempotency_key is missing$/);
    assert.match(await wrong('--empty'), /^no payload: one of flow, process/);
    assert.match(await wrong('--large'), /bytes; at most 131072 are taken$/);
    const status = await homeostat(folder, ['bus', 'status', '--data', join(folder, 'data'), '--json']);
    assert.equal(JSON.parse(status.stdout).published.invalid, 3);
  });
});

describe('who may publish', () => {
  it('is nobody without a certificate of this hub, and nobody below TLS 1.3', async (t) => {
    const { folder, data, hub } = await setUp(t);
    const other = join(folder, 'other');
    await homeostat(folder, ['hub', 'issue', 'client', '--data', other, '--out', other]);
    const stranger = new Publisher(hub.address, other, 'client');
    assert.equal(await stranger.publish('stolen', 3000), 'UNAVAILABLE');
    stranger.close();
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    const own = { ca: read('ca.pem'), key: read('client.key'), cert: read('client.pem') };
    assert.match(await handshake(hub.port, { ...own, maxVersion: 'TLSv1.2' }), /alert|protocol/i);
    assert.match(await handshake(hub.port, { ca: own.ca }), /certificate required/i);
    assert.equal(await handshake(hub.port, own), 'TLSv1.3');
    await hub.end();
    const reader = new LogReader(logOf(data));
    assert.equal(reader.stats().records, 0);
    reader.close();
  });
});

/** The version that was agreed on, or why there was none. */
function handshake(port: number, options: tls.ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ALPNProtocols: ['h2'],
      ...options,
    });
    socket.once('error', (error) => resolve(error.message));
    // In TLS 1.3 the server refuses a client after the client believes that all is well.
    socket.once('data', () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
  });
}

/** What is said where the hub of this process has the folder. */
const inUseBy = (pid: number, data: string): RegExp =>
  new RegExp(
    `^homeostat: ${join(data, 'hub')} is in use by another hub .*\\(pid ${pid}\\): end that one.*--data\n$`,
  );

describe('the log of a hub', () => {
  it('at its bound makes clients come back later, and tells them when', async (t) => {
    const { folder, hub } = await setUp(t, { args: ['--max-log', '1MiB', '--client-share', '100'] });
    const client = new Publisher(hub.address, folder, 'client');
    const answers: Record<string, number> = {};
    for (let round = 0; round < 40 && !answers.RETRY; round++) {
      const keys = Array.from({ length: 500 }, (_, index) => `${'k'.repeat(400)}${round}-${index}`);
      for (const answer of await Promise.all(keys.map((key) => client.publish(key))))
        answers[answer] = (answers[answer] ?? 0) + 1;
    }
    client.close();
    assert.ok(answers.RETRY! > 0 && answers.OK! > 500, JSON.stringify(answers));
    const metrics = await (await fetch(`${hub.figures}/metrics`)).text();
    assert.match(metrics, new RegExp(`^bus_retry_total ${answers.RETRY}$`, 'm'));
  });

  it('goes on taking from others when one client holds its share of it, who is told so', async (t) => {
    const { folder, data, hub } = await setUp(t, { args: ['--max-log', '1MiB', '--client-share', '50'] });
    await enrolHosts(data, folder, ['web']);
    const greedy = new StreamPublisher(hub.address, folder, 'web');
    t.after(() => greedy.close());
    await greedy.next();
    let told = '';
    for (let batch = 1; !told && batch < 50; batch++) {
      const keys = Array.from({ length: 100 }, (_, index) => `${'k'.repeat(200)}${batch}-${index}`);
      greedy.send(batchOf(batch, keys));
      const { status, reason, backoffHintMs } = await greedy.next();
      if (status === PublishResponse_Status.STATUS_RETRY) told = `${reason}; ${backoffHintMs} ms`;
    }
    assert.match(told, /^web holds \d+ bytes of the log; at most 50 % of what the others leave.*; 30000 ms$/);
    const other = new Publisher(hub.address, folder, 'client');
    t.after(() => other.close());
    assert.equal(await other.publish('k'), 'OK');
    const { stdout } = await homeostat(folder, ['bus', 'status', '--data', data]);
    assert.match(stdout, /^Held back +web: log_share 1$/m);
    assert.match(stdout, /^Held by +web \d+ kB, client \d+ B$/m);
    const metrics = await (await fetch(`${hub.figures}/metrics`)).text();
    assert.match(metrics, /^bus_limited_total\{limit="log_share"\} 1$/m);
    for (let tries = 0; tries < 100; tries++) {
      const shown = await homeostat(folder, ['status', '--host', 'web', '--data', data, '--json']);
      if (shown.code === 0) {
        assert.match(shown.stdout, /the hub takes no events: web holds/);
        return;
      }
    }
    assert.fail('the host is not shown');
  });

  it("keeps a client's envelope although another client used its key first, and tells of it", async (t) => {
    const { folder, data, hub } = await setUp(t);
    await homeostat(folder, ['hub', 'issue', 'squatter', '--data', data, '--out', folder]);
    const squatter = new Publisher(hub.address, folder, 'squatter');
    assert.equal(await squatter.publish('k'), 'OK');
    squatter.close();
    // The last one is a retry after a lost connection.
    for (let time = 0; time < 2; time++) {
      const client = new Publisher(hub.address, folder, 'client');
      assert.equal(await client.publish('k'), 'OK');
      client.close();
    }
    const { stdout } = await homeostat(folder, ['bus', 'status', '--data', data]);
    assert.match(
      stdout,
      /^Shared keys +1 kept for each client; last 'k' of client, which squatter had used$/m,
    );
    const metrics = await (await fetch(`${hub.figures}/metrics`)).text();
    assert.match(metrics, /^hub_log_shared_keys_total 1$/m);
    assert.match(metrics, /^bus_duplicate_total 1$/m);
    await hub.end();
    const reader = new LogReader(logOf(data));
    const kept = [...reader.records()].map(({ key, source }) => [key, source]);
    reader.close();
    assert.deepEqual(kept, [
      ['k', 'squatter'],
      ['k', 'client'],
    ]);
  });

  it('on a full disk takes nothing, keeps what it acknowledged, and goes on when there is room', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    // The authority is made outside, so that only the log is on the small disk.
    await homeostat(folder, ['hub', 'issue', 'client', '--data', data, '--out', folder]);
    const small = onSmallDisk(join(data, 'hub', 'small'), 1 << 20);
    const prefix = [
      ...small,
      'sh',
      '-c',
      `cp -a ${data}/hub/identity ${data}/hub/small/; mount --bind ${data}/hub/small ${data}/hub; exec "$@"`,
      'sh',
    ];
    const hub = await HubProcess.start(data, { prefix });
    t.after(() => hub.end('SIGKILL'));
    const inside = seenBy(hub.pid, join(data, 'hub'));
    const client = new Publisher(hub.address, folder, 'client');
    t.after(() => client.close());
    const acknowledged: string[] = [];
    let refused = '';
    for (let number = 0; number < 3000 && !refused; number++) {
      const key = `${'k'.repeat(400)}${number}`;
      const answer = await client.publish(key);
      if (answer === 'OK') acknowledged.push(key);
      else refused = answer;
    }
    assert.equal(refused, 'PROCESSING_ERROR');
    assert.match(await (await fetch(`${hub.figures}/api/v1/bus`)).text(), /cannot be written.*full/);
    rmSync(join(inside, 'identity'), { recursive: true });
    // A disk of a megabyte has no room to spare: what is gone makes room for one more.
    assert.equal(await client.publish('after'), 'OK');
    const copy = join(folder, 'copy');
    cpSync(inside, copy, { recursive: true });
    const reader = new LogReader(join(copy, 'wal.db'));
    const kept = new Set([...reader.records()].map(({ key }) => key));
    reader.close();
    assert.deepEqual(
      acknowledged.filter((key) => !kept.has(key)),
      [],
    );
    assert.ok(kept.has('after'));
  });

  it('is looked after by commands', async (t) => {
    const { folder, data, hub } = await setUp(t);
    const client = new Publisher(hub.address, folder, 'client');
    assert.equal(await client.publish('a'), 'OK');
    assert.equal(await client.publish('b'), 'OK');
    client.close();
    const run = (...args: string[]) => homeostat(folder, ['wal', ...args, '--data', data]);
    assert.match((await run('stats')).stdout, /^Records +2, ids 1 to 2$/m);
    assert.equal((await run('verify')).code, 0);
    assert.match((await run('replay')).stdout, /"key":"a".*"exe":"\/bin\/true"/);
    const refused = await run('reset', '--yes');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, inUseBy(hub.pid, data));
    assert.equal(await hub.end(), 0);
    const thief = new DatabaseSync(logOf(data));
    thief.exec('DELETE FROM wal WHERE id = 2');
    thief.close();
    const verified = await run('verify');
    assert.deepEqual(
      [verified.code, verified.stdout],
      [1, '1 records, 0 damaged, 1 ids missing (0 dropped at the bound)\n'],
    );
    const asked = await run('reset');
    assert.deepEqual([asked.code, /Nobody can be asked here/.test(asked.stderr)], [2, true]);
    const copy = join(folder, 'copy.db');
    assert.equal((await run('reset', '--backup', copy)).stdout, '1 records removed\n');
    assert.ok(existsSync(copy) && (statSync(copy).mode & 0o777) === 0o600 && !existsSync(logOf(data)));
    const gone = await run('stats');
    assert.deepEqual(
      [gone.code, /wal\.db is not there: 'homeostat hub' makes it/.test(gone.stderr)],
      [1, true],
    );
  });

  it('is refused at the start where others could read it, with the command that mends it', async (t) => {
    const { folder, data, hub } = await setUp(t);
    await hub.end();
    const start = () =>
      homeostat(folder, ['hub', '--data', data, '--bus-port', '0', '--enroll-port', '0', '--port', '0']);
    for (const [path, wide, right] of [
      [join(data, 'hub'), 0o750, '700'],
      [logOf(data), 0o640, '600'],
    ] as const) {
      chmodSync(path, wide);
      const { code, stderr } = await start();
      assert.equal(code, 2);
      assert.equal(
        stderr,
        `homeostat: ${path} has mode 0${wide.toString(8)}, so that others could read what hosts and clients told: run 'chmod ${right} ${path}', then start the hub again\n`,
      );
      chmodSync(path, Number.parseInt(right, 8));
    }
    const again = await HubProcess.start(data);
    assert.equal(await again.end(), 0);
  });

  it('belongs to one hub: another one is told so, whatever its ports, and takes nothing from the first', async (t) => {
    const { folder, data, hub } = await setUp(t);
    const client = new Publisher(hub.address, folder, 'client');
    assert.equal(await client.publish('before'), 'OK');
    for (const port of ['0', String(hub.port)]) {
      const ports = ['--bus-port', port, '--enroll-port', '0', '--port', '0'];
      const second = await homeostat(folder, ['hub', '--data', data, ...ports]);
      assert.equal(second.code, 2);
      assert.match(second.stderr, inUseBy(hub.pid, data));
    }
    assert.equal((await homeostat(folder, ['bus', 'status', '--data', data])).code, 0);
    assert.equal((await homeostat(folder, ['wal', 'reset', '--yes', '--data', data])).code, 2);
    assert.equal(await client.publish('after'), 'OK');
    client.close();
    assert.equal(await hub.end(), 0);
    const reader = new LogReader(logOf(data));
    const keys = [...reader.records()].map(({ key }) => key);
    reader.close();
    assert.deepEqual(keys, ['before', 'after']);
    const again = await HubProcess.start(data);
    assert.equal(await again.end(), 0, 'the lock goes with its process');
  });

  it('of a port that is in use is one clear line', async (t) => {
    const { folder, hub } = await setUp(t);
    const second = await homeostat(folder, [
      'hub',
      '--data',
      join(folder, 'b'),
      '--bus-port',
      String(hub.port),
      '--port',
      '0',
    ]);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /^homeostat: the bus cannot listen on 127\.0\.0\.1:\d+ .*--bus-port\n$/);
  });
});
