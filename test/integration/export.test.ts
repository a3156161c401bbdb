import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UniversalEnvelope } from '../../proto/generated/messaging/messaging.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Log } from '../../src/wal/log.ts';
import { Publisher } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { HubProcess, logOf } from '../support/hub.ts';
import { onSmallDisk } from '../support/private-mounts.ts';

const HOMEOSTAT = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));
const GOLDEN = readFileSync(new URL('../wire/mac-process.bin', import.meta.url));
const NOON = Date.UTC(2026, 10, 21, 12);

function envelope(
  key: string,
  at: number,
  pid: number,
  exe: string,
  args: readonly string[] = [],
): Uint8Array {
  const tsNs = BigInt(at) * 1_000_000n;
  const process = { pid: BigInt(pid), ppid: 1n, exe, args: [...args], startTsNs: 1_000_000_000n };
  return UniversalEnvelope.encode(
    UniversalEnvelope.fromPartial({ version: '1', tsNs, idempotencyKey: key, process }),
  ).finish();
}

test('what clients sent comes out as lines, as cells and as features, and hostile text stays text', async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const run = (...args: string[]) => homeostat(folder, ['export', '--data', data, ...args]);
  await homeostat(folder, ['hub', 'issue', 'mac', '--data', data, '--out', folder]);
  const hub = await HubProcess.start(data);
  t.after(() => hub.end('SIGKILL'));
  const client = new Publisher(hub.address, folder, 'mac');
  assert.equal(await client.send(GOLDEN), 'OK');
  const hostile = '=HYPERLINK("http://x","\x1b[31m\r\nhomeostat,")';
  assert.equal(await client.send(envelope('evil', NOON, 2, hostile, ['-a', '"q",\n'])), 'OK');
  for (let cycle = 1; cycle < 4; cycle++)
    for (let pid = 10; pid < 13; pid++)
      assert.equal(
        await client.send(envelope(`${cycle}_${pid}`, NOON + cycle * 30_000, pid, '/bin/a')),
        'OK',
      );
  client.close();

  const lines = (await run('--what', 'events')).stdout.trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(events.length, 11);
  assert.equal(events[0]?.['process.executable.path'], '/usr/libexec/mobileassetd');
  assert.equal(events[0]?.['envelope.size'], GOLDEN.length);
  assert.equal(events[0]?.['process.thread.count'], null);
  assert.equal(events[1]?.['process.executable.path'], hostile);
  assert.deepEqual(events[1]?.['process.command_args'], ['-a', '"q",\n']);

  const period = ['--from', new Date(NOON).toISOString(), '--to', new Date(NOON + 60_000).toISOString()];
  const cells = (await run('--what', 'events', '--format', 'csv', ...period)).stdout;
  assert.match(cells, /^homeostat\.event\.id,time,/);
  assert.ok(cells.includes(`"'=HYPERLINK(""http://x"",""\\x1b[31m\r\nhomeostat,"")"`), cells);
  assert.ok(cells.includes('"[""-a"",""\\""q\\"",\\n""]"'), cells);
  assert.equal(cells.match(/,\/bin\/a,/g)?.length, 3, 'from is in the period, to is not');

  const features = (await run('--what', 'features', ...period.slice(0, 2))).stdout.trimEnd().split('\n');
  const windows = features.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    windows.map((row) => row['system.process.count']),
    // The one of noon said nothing for 90 s when the third window ended.
    [1, 4, 3, 3],
  );
  assert.equal(await hub.end(), 0);
});

/** A log of so many events, without a hub. */
async function makeLog(data: string, count: number): Promise<void> {
  mkdirSync(join(data, 'hub'), { recursive: true });
  const log = new Log({ path: logOf(data), clock: systemClock, maxWaiting: count });
  const appended: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const key = `event ${n}`;
    const bytes = envelope(key, NOON + 100 * n, n % 300, `/bin/${(n * n) % 17}`, [key]);
    const timestampNs = BigInt(NOON + 100 * n) * 1_000_000n;
    appended.push(
      log.append({ key, timestampNs, kind: 'messaging.UniversalEnvelope', source: 'mac', bytes }),
    );
  }
  await Promise.all(appended);
  log.close();
}

test('an export that was broken off goes on to the same bytes, however it was broken off', async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  await makeLog(data, 60_000);
  const run = (...args: string[]) => homeostat(folder, ['export', '--data', data, ...args]);

  /** Starts an export into a file and ends it as soon as some of it is vouched for; its exit code. */
  const breakOff = async (file: string, signal: NodeJS.Signals, args: readonly string[]) => {
    const line = [HOMEOSTAT, 'export', '--data', data, '-o', file, ...args];
    const child = spawn(process.execPath, line, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(child, 'close') as Promise<[number | null]>;
    while (child.exitCode === null && !(existsSync(file) && statSync(file).size > 100_000)) await sleep(2);
    child.kill(signal);
    const [code] = await ended;
    if (signal === 'SIGINT')
      assert.ok(said.includes(`'homeostat export --resume --data ${data} --output ${file}' goes on`), said);
    return code;
  };

  for (const [what, format] of [
    ['events', 'csv'],
    ['events', 'parquet'],
    ['features', 'jsonl'],
  ] as const) {
    const args = ['--what', what, '--format', format];
    const whole = join(folder, `whole-${what}-${format}`);
    assert.equal((await run(...args, '-o', whole)).code, 0);
    assert.equal(statSync(whole).mode & 0o777, 0o600);
    assert.equal(existsSync(`${whole}.cursor`), false);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const part = join(folder, `${what}-${format}-${signal}`);
      const code = await breakOff(part, signal, args);
      assert.equal(code, signal === 'SIGINT' ? 130 : null, `${what} was broken off`);
      assert.ok(existsSync(`${part}.cursor`));
      // What a crash leaves behind the last cursor is cut off.
      appendFileSync(part, 'half a li');
      const resumed = await run('--resume', '-o', part);
      assert.deepEqual([resumed.code, resumed.stderr], [0, '']);
      assert.ok(readFileSync(part).equals(readFileSync(whole)), `${what} after ${signal}`);
      assert.equal(existsSync(`${part}.cursor`), false);
    }
  }
});

test('a full disk is one line, and what is there can be gone on with', async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  await makeLog(data, 5000);
  const small = join(folder, 'small');
  const args = ['export', '--data', data, '--what', 'events', '-o', join(small, 'events')];
  const full = await homeostat(folder, args, {}, onSmallDisk(small, 1 << 20));
  assert.equal(full.code, 1);
  assert.match(
    full.stderr,
    /^homeostat: \S+events cannot be written \(ENOSPC\); mend that and go on with --resume\n$/,
  );
  // Room for the file's name, but not for a cursor.
  const none = [
    ...onSmallDisk(small, 1 << 16),
    'sh',
    '-c',
    'head -c 1000000 /dev/zero > "$0"/fill; exec "$@"',
    small,
  ];
  const nothing = await homeostat(folder, args, {}, none);
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /cannot be written \(ENOSPC\); free some space or choose another folder\n$/);
});

test('what cannot be gone on with, or would be overwritten, is refused in one line', async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  await makeLog(data, 10);
  const refusal = async (...args: string[]) => {
    const { code, stdout, stderr } = await homeostat(folder, ['export', '--data', data, ...args]);
    assert.deepEqual([code, stdout, stderr.split('\n').length], [2, '', 2], stderr);
    return stderr;
  };
  const file = join(folder, 'events');
  assert.equal((await homeostat(folder, ['export', '--data', data, '--what', 'events', '-o', file])).code, 0);
  assert.match(await refusal('--what', 'events', '-o', file), /is there already; nothing is overwritten/);
  assert.match(await refusal('--resume', '-o', file), /\.cursor is not there: the export is whole already/);
  assert.match(await refusal('--resume'), /which export\? name it with --output/);
  assert.match(await refusal('--resume', '-o', file, '--what', 'events'), /leave out --what/);
  assert.match(await refusal('--what', 'events', '--metric', 'x'), /--metric does not go with --what events/);
  assert.match(await refusal('--host', 'x'), /there is no history in .*hosts.x: start Homeostat there/);
  assert.match(await refusal('--host', '../x'), /'\.\.\/x' is invalid/);
  assert.match(await refusal('--what', 'features', '--window', '1m'), /'1m' is invalid: expected 30s or 5m/);
  writeFileSync(`${file}.cursor`, '{"version":99}');
  assert.match(await refusal('--resume', '-o', file), /is no cursor of this version/);
  assert.match(await refusal('--what', 'events', '-o', file), /--resume goes on with it/);
  const plan = { what: 'events', format: 'jsonl', windowMs: 30_000 };
  writeFileSync(`${file}.cursor`, JSON.stringify({ version: 1, plan, bytes: 5, checksum: 0, rows: 1 }));
  assert.match(await refusal('--resume', '-o', file), /was changed since its export was broken off/);
});
