import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openHistory } from '../../src/store/store.ts';
import { SERIES, valueAt } from './store-kill.data.ts';

const KILLS = 50;
/** What may be lost: the last ten seconds of metrics. */
const ALLOWED_MS = 10_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 31, 23, 40, 0);
const CHILD = fileURLToPath(new URL('./store-kill.child.ts', import.meta.url));

let seed = 99;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (seed >> 8) % below;
}

/** Lets a writer run for `ms` after it is ready, kills it, and gives what it said that it had handed over. */
function writeAndKill(folder: string, from: number, ms: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', CHILD, folder, String(from)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (said === '') setTimeout(() => child.kill('SIGKILL'), ms);
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(said.split('\n').slice(1, -1));
      else reject(new Error(`the writer ended by itself with ${code ?? signal}`));
    });
  });
}

/** Times in [from, to) that the history holds for every series, each with the right value. */
function stored(folder: string, from: number, to: number): Set<number> {
  const history = openHistory(folder);
  try {
    const { frames } = history.query({ metrics: SERIES.map(({ key }) => key), from, to, resolution: 1 });
    for (const [index, { at, mean }] of frames.entries()) {
      assert.equal(at.length, frames[0]!.at.length);
      for (const [point, moment] of at.entries()) assert.equal(mean[point], valueAt(moment, index));
    }
    return new Set(frames[0]!.at);
  } finally {
    history.close();
  }
}

function pragma(folder: string, check: 'quick_check' | 'integrity_check'): unknown {
  const db = new DatabaseSync(join(folder, 'history.db'), { readOnly: true });
  try {
    return db
      .prepare(`PRAGMA ${check}`)
      .all()
      .map((row) => row[check]);
  } finally {
    db.close();
  }
}

test(`${KILLS} times kill -9: the history is whole, and at most the last 10 s of metrics are gone`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-kill-'));
  try {
    const written: number[] = [];
    const survived = new Set<number>();
    const anomalies: string[] = [];
    let worst = 0;
    let from = START;
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await writeAndKill(folder, from, random(300));
      const ticks = said.filter((line) => line.startsWith('t ')).map((line) => Number(line.slice(2)));
      anomalies.push(...said.filter((line) => line.startsWith('a ')).map((line) => line.slice(2)));
      assert.deepEqual(pragma(folder, 'quick_check'), ['ok']);
      const last = ticks.at(-1) ?? from;
      const kept = stored(folder, from, last + HOUR);
      for (const at of ticks) {
        written.push(at);
        if (kept.has(at)) survived.add(at);
        else worst = Math.max(worst, last - at + 1000);
      }
      from = Math.max(last, ...kept);
    }
    assert.deepEqual(pragma(folder, 'integrity_check'), ['ok']);
    const all = stored(folder, START, from + HOUR);
    assert.ok(worst <= ALLOWED_MS, `${worst} ms were lost`);
    assert.ok(
      [...survived].every((at) => all.has(at)),
      'what survived its own crash survives all that follow',
    );
    const history = openHistory(folder);
    const known = new Set(history.anomalies({}).map(({ id }) => id));
    history.close();
    assert.ok(
      anomalies.every((id) => known.has(id)),
      'no anomaly is lost',
    );
    assert.ok(written.length > 50 * KILLS && (from - START) / HOUR > 2, 'it was killed at work, hours of it');
    t.diagnostic(
      `${written.length} ticks written, ${written.length - survived.size} lost, at most the last ${worst / 1000} s of a run; ` +
        `${anomalies.length} anomalies, none lost; ${((from - START) / HOUR).toFixed(1)} h of history`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
