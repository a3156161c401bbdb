import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from './report.ts';

const FAULTS = new URL('../../bin/faults.mjs', import.meta.url).pathname;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeostat-quick-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function start(...options: readonly string[]): {
  child: ChildProcess;
  said: () => string;
  told: () => string;
} {
  // All its temporary folders are in ours: whether it leaves something behind can be seen.
  const child = spawn(process.execPath, [FAULTS, ...options], { env: { ...process.env, TMPDIR: folder } });
  let said = '';
  let told = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    told += text;
  });
  return { child, said: () => said, told: () => told };
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
  });

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a frozen service and a burnt core are caught, each with the right culprit', async () => {
  const { child, said, told } = start('--quick', '--json');
  const code = await exitOf(child);
  const report = JSON.parse(said() || 'null') as Report | null;
  assert.ok(report, told());
  assert.deepEqual(
    report.results.map(({ fault, caught, rightCulprit }) => ({ fault, caught, rightCulprit })),
    [
      { fault: 'freeze', caught: true, rightCulprit: true },
      { fault: 'burn-core', caught: true, rightCulprit: true },
    ],
    told(),
  );
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(folder), []);
});

test('Ctrl-C cleans up: no process, no folder is left', async () => {
  const { child, told } = start('--only', 'freeze', '--learn', '1h');
  for (let tries = 0; tries < 600 && !told().includes('it learns for'); tries++) await sleep(100);
  const data = /data folder (\S+)\)/.exec(told())?.[1];
  assert.ok(data && existsSync(data), told());
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isChildOf(pid, child.pid!));
  assert.ok(pids.length >= 2, told());
  const exit = exitOf(child);
  child.kill('SIGINT');
  assert.equal(await exit, 130);
  assert.deepEqual(pids.filter(alive), []);
  assert.deepEqual(readdirSync(folder), []);
});

/** Whether `pid` is a process that `parent` started. */
function isChildOf(pid: number, parent: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${parent}\n`);
  } catch {
    return false;
  }
}
