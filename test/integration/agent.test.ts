import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Event, Host_State, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { LogReader } from '../../src/wal/log-reader.ts';
import { Daemon, homeostat, ownFolder, type Prefix } from '../support/daemon.ts';
import { enrol, HubProcess, logOf } from '../support/hub.ts';

async function setUp(t: TestContext) {
  const folder = ownFolder(t);
  const hubData = join(folder, 'hub-data');
  const hub = await HubProcess.start(hubData);
  t.after(() => hub.end('SIGKILL'));
  await enrol(join(folder, 'data'), hubData, 'shop', hub.address);
  const config = join(folder, 'homeostat.yaml');
  writeFileSync(config, 'publish:\n  metrics_interval: 1s\n');
  const start = (prefix: Prefix = []): Promise<Daemon> => {
    const args = ['--config', config, '--processes-interval', '1s'];
    return Daemon.start(t, folder, { command: 'agent', args, prefix });
  };
  return { folder, hubData, hub, start };
}

function recordsOf(path: string) {
  const reader = new LogReader(path);
  const records = [...reader.records()];
  const { damage } = reader.verify();
  reader.close();
  assert.deepEqual(damage, []);
  return records;
}

/** The last part of a key: the event's number in its agent's outbox. */
const numberOf = ({ key }: { readonly key: string }): number => Number(key.split('/').at(-1));

describe('homeostat agent', () => {
  it('tells the hub who it is, its processes, metrics and coverage, and that it stops', async (t) => {
    const { folder, hubData, hub, start } = await setUp(t);
    const agent = await start();
    const keys = (): string[] => recordsOf(logOf(hubData)).map(({ key }) => key);
    // After the metrics of the first interval comes the coverage.
    await agent.until(() => keys().some((key) => key.includes('/coverage/')), 'the coverage');
    const second = await homeostat(folder, ['agent', '--data', agent.folder, '--port', '0']);
    assert.equal(second.code, 2, 'the outbox is of one agent');
    assert.match(second.stderr, new RegExp(`in use by another Homeostat \\(pid ${agent.pid}\\)`));
    const shown = await homeostat(folder, ['status', '--data', agent.folder]);
    assert.match(shown.stdout, /^Publishing +to 127\.0\.0\.1:\d+ as shop, connected for /m);
    assert.match(shown.stdout, /^Published +\d+ events, .* certificate valid for \d+ h/m);
    assert.equal((await agent.end()).code, 0);
    await hub.end();
    const events = recordsOf(logOf(hubData)).map(({ bytes }) => Event.decode(bytes));
    for (const kind of ['process', 'metrics', 'coverage'] as const)
      assert.ok(
        events.some((event) => event[kind]),
        kind,
      );
    const own = events.find(({ process }) => Number(process?.process?.pid) === agent.pid);
    assert.match(
      own!.idempotencyKey,
      new RegExp(`^shop/[0-9a-f]{8}-${agent.pid}-\\d+/\\w+/[0-9a-f]{16}/\\d+$`),
    );
    assert.deepEqual(
      events.flatMap(({ host }) => (host ? [host.state] : [])),
      [Host_State.STATE_UP, Host_State.STATE_STOPPING],
    );
  });

  it('goes on collecting while each fsync of its outbox takes longer than a tick, and publishes', async (t) => {
    const { folder, hubData, start } = await setUp(t);
    const trace = join(folder, 'trace');
    const outbox = join(folder, 'data', 'publish', 'wal.db');
    const agent = await start([
      ...['strace', '-D', '-f', '--seccomp-bpf', '-o', trace, '-e', 'trace=fsync,fdatasync'],
      ...['-P', outbox, '-P', `${outbox}-wal`, '-e', 'inject=fsync,fdatasync:delay_enter=1500000'],
    ]);
    const delays = (): number => readFileSync(trace, 'utf8').split('(DELAYED)').length - 1;
    const first = await agent.until((status) => status.publish!.sent.events > 0, 'an event at the hub');
    const before = delays();
    const { coverage } = await agent.until(
      (status) => delays() >= before + 3 && status.publish!.sent.events > first.publish!.sent.events,
      'more of them, after three slow fsyncs',
    );
    const missed = (losses: typeof coverage.losses): number =>
      losses.reduce((sum, { what, count }) => sum + (what === 'ticks missed' ? count : 0), 0);
    assert.equal(missed(coverage.losses) - missed(first.coverage.losses), 0);
    assert.equal((await agent.end()).code, 0);
    const numbers = recordsOf(logOf(hubData)).map(numberOf);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it('tells the start and the end of a process, and none of its secrets', async (t) => {
    const { hubData, start } = await setUp(t);
    const agent = await start();
    await agent.until(
      ({ publish }) => publish!.waiting.events === 0 && publish!.sent.events > 1,
      'the snapshot',
    );
    const program = 'setTimeout(() => {}, 60_000)';
    const child = spawn(process.execPath, ['-e', program, '--', '--password=hunter2', '--token', 'hunter2']);
    t.after(() => child.kill('SIGKILL'));
    const lives = () =>
      recordsOf(logOf(hubData))
        .map(({ bytes }) => Event.decode(bytes).process)
        .filter((change) => Number(change?.process?.pid) === child.pid)
        .map((change) => change!);
    await agent.until(() => lives().length === 1, 'the start');
    child.kill('SIGKILL');
    await agent.until(() => lives().at(-1)?.kind === ProcessChange_Kind.KIND_END, 'the end');
    const [first] = lives();
    assert.equal(first!.kind, ProcessChange_Kind.KIND_START);
    assert.deepEqual(first!.process!.args, ['-e', program, '--', '--password=***', '--token', '***']);
    const bytes = Buffer.concat(recordsOf(logOf(hubData)).map((record) => record.bytes));
    assert.ok(!bytes.includes('hunter2'));
  });

  it('loses nothing that it kept, and the hub has it once, while hub and agent are killed in turn', async (t) => {
    const { folder, hubData, hub, start } = await setUp(t);
    let agent = await start();
    let running = hub;
    for (let kill = 0; kill < 3; kill++) {
      const { publish } = await agent.status();
      const before = publish!.sent.events;
      await agent.until((status) => status.publish!.sent.events > before, 'an acknowledged event');
      await running.end('SIGKILL');
      await agent.until(({ publish: now }) => now!.state !== 'connected', 'the end of the stream');
      running = await HubProcess.start(hubData, { busPort: hub.port });
      t.after(() => running.end('SIGKILL'));
      await agent.until(({ publish: now }) => now!.state === 'connected', 'the next stream');
      await agent.end('SIGKILL');
      agent = await start();
    }
    await agent.until(({ publish }) => publish!.waiting.events === 0, 'the drain');
    const acknowledged = (await agent.status()).publish!.sent.events;
    await running.end('SIGKILL');
    assert.equal((await agent.end()).code, 0);

    const kept = recordsOf(logOf(hubData)).map(numberOf);
    const waiting = recordsOf(join(folder, 'data', 'publish', 'wal.db')).map(numberOf);
    assert.equal(new Set(kept).size, kept.length, 'each is there once');
    assert.ok(kept.length >= acknowledged, `${kept.length} kept, ${acknowledged} acknowledged`);
    const there = new Set([...kept, ...waiting]);
    assert.deepEqual(
      Array.from({ length: Math.max(...there) }, (_, index) => index + 1).filter((id) => !there.has(id)),
      [],
      'every event is at the hub or still waits for it',
    );
  });

  it('does not start where it is not enrolled, or where others could read its key', async (t) => {
    const folder = ownFolder(t);
    const stranger = await homeostat(folder, ['agent', '--data', 'data', '--port', '0']);
    assert.equal(stranger.code, 2);
    assert.match(stranger.stderr, /identity: this host is not enrolled; run 'homeostat hub token create'/);
    const { folder: enrolled } = await setUp(t);
    const key = join(enrolled, 'data', 'identity', 'host.key');
    chmodSync(key, 0o640);
    const open = await homeostat(enrolled, ['agent', '--data', 'data', '--port', '0']);
    assert.equal(open.code, 2);
    assert.match(open.stderr, /host\.key has mode 0640.* run 'chmod 600 /);
  });
});
