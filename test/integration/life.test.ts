import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/lib/clock.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Status } from '../../src/model/status.ts';
import { openStore } from '../../src/store/store.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';

/** What a fault may take: the last ten seconds. */
const MAY_BE_LOST_MS = 10_000;

interface Line {
  readonly at: string;
  readonly metric: string;
  readonly value: number;
}

async function exported(folder: string): Promise<readonly Line[]> {
  const { code, stdout, stderr } = await homeostat(folder, ['export', '--data', 'data']);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const lastOf = (lines: readonly Line[]): number => Math.max(...lines.map(({ at }) => Date.parse(at)));

function openAnomaly(since: number): Anomaly {
  return {
    schema: 1,
    id: 'left-open',
    host: 'test',
    kind: 'machine',
    state: 'open',
    provisional: false,
    since,
    raisedAt: since,
    severity: 'LOW',
    score: 4,
    returnPeriodSeconds: 90_000,
    metrics: [],
    culprits: [],
    sentence: 'CPU use is 90 % (usually 1 to 5 %).',
  };
}

// They mostly wait: for a flush each 5 s.
describe('the life of the daemon', { concurrency: 3 }, () => {
  test('samples come, command and API say the same, Ctrl-C ends it and nothing is lost', async (t) => {
    const folder = ownFolder(t);
    const daemon = await Daemon.start(t, folder);
    await daemon.until(({ lastSampleAt }) => lastSampleAt !== undefined, 'the first sample');

    const { address } = daemon.client.run;
    const [api, command] = await Promise.all([
      fetch(`${address}/api/v1/status`).then((response) => response.json() as Promise<Status>),
      homeostat(folder, ['status', '--json', '--data', 'data']).then(
        ({ stdout }) => JSON.parse(stdout) as Status,
      ),
    ]);
    assert.deepEqual(Object.keys(command), Object.keys(api));
    for (const name of ['version', 'host', 'startedAt', 'dataFolder', 'intervals'] as const)
      assert.deepEqual(command[name], api[name], name);
    assert.deepEqual(Object.keys(command.learning), Object.keys(api.learning));
    assert.equal(command.learning.phase, 'collecting');
    assert.deepEqual(
      command.coverage.collectors.map(({ collector }) => collector),
      api.coverage.collectors.map(({ collector }) => collector),
    );
    assert.deepEqual([command.self.pid, api.self.pid], [daemon.pid, daemon.pid]);

    const text = await homeostat(folder, ['status', '--data', 'data']);
    assert.match(text.stdout, /^Homeostat +\d+\.\d+\.\d+, running for .*\n(.*\n)*Coverage +\S/);
    const top = await homeostat(folder, ['top', '--data', 'data', '--limit', '3']);
    assert.match(top.stdout, /PID +UID +S +CPU/);
    const processes = JSON.parse((await homeostat(folder, ['top', '--json', '--data', 'data'])).stdout) as {
      readonly processes: readonly { readonly pid: number }[];
    };
    assert.ok(processes.processes.some(({ pid }) => pid === process.pid));

    // While it runs a second one has no business here.
    const second = await homeostat(folder, ['up', '--data', 'data', '--port', '0']);
    assert.equal(second.code, 2);
    assert.match(
      second.stderr,
      new RegExp(`^homeostat: .*in use by another Homeostat \\(pid ${daemon.pid}\\).*\n$`),
    );
    assert.ok(existsSync(join(daemon.folder, 'homeostat.json')), 'the run file is of the first');

    const { coverage, lastSampleAt } = await daemon.until(({ store }) => store.series > 0, 'the first flush');
    const ended = await daemon.end('SIGINT');
    assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, '']);
    assert.match(ended.stdout, /^Homeostat \S+ +http:\/\/127\.0\.0\.1:\d+\n/);
    assert.ok(!existsSync(join(daemon.folder, 'homeostat.json')), 'the run file goes with it');

    const lines = await exported(folder);
    assert.ok(lastOf(lines) >= lastSampleAt!, 'what was shown last is stored');
    // The first look is at once, the others at whole seconds: between them one may be left out.
    const moments = [...new Set(lines.map(({ at }) => Date.parse(at)))].filter((at) => at <= lastSampleAt!);
    const seconds = (moments.at(-1)! - moments[1]!) / 1000 + 1;
    const missed = coverage.losses.filter(({ what }) => what === 'ticks missed');
    assert.equal(moments.length - 1, seconds - missed.reduce((sum, { count }) => sum + count, 0));
  });

  test('after kill -9 it starts again at once, and the history goes on', async (t) => {
    const folder = ownFolder(t);
    const killed = await Daemon.start(t, folder);
    await killed.until(({ store }) => store.series > 0, 'the first flush');
    const { lastSampleAt } = await killed.until(({ at, startedAt }) => at - startedAt > 6000, 'six seconds');
    const ended = await killed.end('SIGKILL');
    assert.equal(ended.signal, 'SIGKILL');
    assert.ok(existsSync(join(killed.folder, 'homeostat.json')), 'it could not take its run file with it');

    const status = await homeostat(folder, ['status', '--data', 'data']);
    assert.equal(status.code, 1);
    assert.match(status.stderr, /^homeostat: Homeostat is not running .*; start it with 'homeostat up'.*\n$/);
    const kept = await exported(folder);
    assert.ok(lastSampleAt! - lastOf(kept) <= MAY_BE_LOST_MS);

    const next = await Daemon.start(t, folder);
    await next.until(({ lastSampleAt: at }) => at !== undefined && at > lastSampleAt!, 'a new sample');
    assert.equal((await next.end('SIGTERM')).code, 0);
    const all = await exported(folder);
    assert.ok(lastOf(all) > lastSampleAt!);
    const text = new Set(all.map(({ at, metric }) => `${at} ${metric}`));
    assert.ok(
      kept.every(({ at, metric }) => text.has(`${at} ${metric}`)),
      'what survived stays',
    );
  });

  test('an anomaly that was left open is closed at the next start', async (t) => {
    const folder = ownFolder(t);
    const since = Date.now() - 60_000;
    const store = openStore({ folder: join(folder, 'data'), clock: systemClock });
    store.appendAnomaly(openAnomaly(since));
    store.close();
    const daemon = await Daemon.start(t, folder);
    assert.equal((await daemon.status()).openAnomalies, 0);
    const { stdout } = await homeostat(folder, ['anomalies', '--data', 'data', '--json']);
    const [anomaly] = JSON.parse(stdout) as readonly Anomaly[];
    assert.deepEqual([anomaly?.id, anomaly?.state], ['left-open', 'closed']);
    assert.ok((anomaly?.closedAt ?? 0) >= since);
    const lines = readFileSync(join(daemon.folder, 'anomalies.json'), 'utf8').trim().split('\n');
    assert.equal((JSON.parse(lines.at(-1)!) as Anomaly).state, 'closed');
    const shown = await homeostat(folder, ['anomalies', '--data', 'data']);
    assert.match(shown.stdout, /^LOW .*\(left-open\)\n {2}CPU use is 90 %/);
  });

  test('a history of a newer version is refused and not touched', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    openStore({ folder: data, clock: systemClock }).close();
    const path = join(data, 'history.db');
    const db = new DatabaseSync(path);
    db.exec("UPDATE meta SET value = value + 1 WHERE key = 'schema'");
    db.close();
    const before = readFileSync(path);
    for (const command of [['up', '--port', '0'], ['history'], ['anomalies'], ['export']]) {
      const { code, stderr } = await homeostat(folder, [...command, '--data', 'data']);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^homeostat: .*history\.db was written by a newer Homeostat .*: update Homeostat.*\n$/,
      );
      assert.ok(readFileSync(path).equals(before), `${command[0]} changed it`);
    }
  });

  test('a history that is damaged is refused with what to do', async (t) => {
    const folder = ownFolder(t);
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'history.db'), 'no database at all, '.repeat(200));
    const { code, stderr } = await homeostat(folder, ['up', '--data', 'data', '--port', '0']);
    assert.equal(code, 2);
    assert.match(stderr, /^homeostat: .*history\.db is damaged .*: move it away.*\n$/);
  });

  test('without a running one the stored history is still read', async (t) => {
    const folder = ownFolder(t);
    const daemon = await Daemon.start(t, folder);
    await daemon.until(({ store }) => store.series > 0, 'the first flush');
    await daemon.end();
    const run = (...args: string[]) => homeostat(folder, [...args, '--data', 'data']);
    const list = await run('history');
    assert.match(list.stdout, /^system\.cpu\.utilization\{cpu\.mode=user\} {2}\[1\]$/m);
    const one = await run('history', 'system.memory.utilization', '--json');
    const { frames } = JSON.parse(one.stdout) as { frames: readonly { points: readonly unknown[] }[] };
    assert.ok(frames.length > 0 && frames.every(({ points }) => points.length > 0));
    assert.match((await run('history', 'system.memory.utilization')).stdout, /TIME +MIN +MEAN +MAX/);
    for (const command of [
      ['history', 'nosuch'],
      ['export', '--metric', 'nosuch'],
    ]) {
      const { code, stderr } = await run(...command);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^homeostat: no stored metric is named 'nosuch'; 'homeostat history' lists them\n$/,
      );
    }
    assert.match((await run('anomalies')).stdout, /^No anomalies since /);
  });

  test('with a token it serves others, and answers nobody without it', async (t) => {
    const folder = ownFolder(t);
    const token = 'a-secret-of-this-test-0123456789';
    const daemon = await Daemon.start(t, folder, {
      args: ['--host', '0.0.0.0'],
      env: { HOMEOSTAT_TOKEN: token },
    });
    const port = new URL(daemon.client.run.address).port;
    const status = `http://127.0.0.1:${port}/api/v1/status`;
    assert.equal((await fetch(status)).status, 401);
    assert.equal((await fetch(status, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    assert.equal((await homeostat(folder, ['status', '--data', 'data'])).code, 0, 'its own commands know it');
  });
});
