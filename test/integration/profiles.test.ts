import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { kindOf } from '../../src/alert/profiles/kind.ts';
import { Profiles } from '../../src/alert/profiles/profiles.ts';
import { createLiveHost } from '../../src/collect/live-host.ts';
import { createProcessScanner } from '../../src/collect/process/linux.ts';
import type { Process } from '../../src/model/process.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Bins of threads begin at 0.5 and grow by a fifth: the 15th ends at 7.7. */
const FEW = 15;
/** More than Node has by itself, and enough to matter. */
const THREADS = 60;
/** libuv starts all threads of its pool at the first call that needs one. */
const PROGRAM = `require('node:fs').stat('/', () => process.stdout.write('ready')); setInterval(() => {}, 1000)`;

async function startThreads(): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    env: { UV_THREADPOOL_SIZE: String(THREADS) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('a real process with far more threads than its kind ever had is found after three minutes, and ends with it', async (t) => {
  const child = await startThreads();
  t.after(() => child.kill('SIGKILL'));
  const scanner = createProcessScanner(createLiveHost());
  const start = Date.now();
  // Minutes pass on the clock of the scans only: threads are a level, which needs no time to be seen.
  const scan = (minute: number) => {
    const all = scanner.scan({ wall: start + minute * MINUTE_MS, monotonic: minute * MINUTE_MS }, true);
    return { ...all, processes: all.processes.filter(({ pid }) => pid === child.pid) };
  };
  const first = scan(0);
  const [real] = first.processes as [Process];
  assert.ok(real.threads >= THREADS, `${real.threads} threads`);

  const known = (ageMs: number) =>
    new Profiles({
      stored: [
        {
          ...{ kind: kindOf(real), firstSeenAt: start - ageMs, lastSeenAt: start, ended: 0 },
          measures: { threads: [[FEW, 2000]] },
        },
      ],
    });
  const mature = known(2 * DAY_MS);
  const young = known(DAY_MS / 2);
  const told = [first, scan(1), scan(2), scan(3)].map((look) => {
    assert.deepEqual(young.observe(look, new Set()), []);
    return mature.observe(look, new Set()).map(({ what, culprit }) => [what, culprit.pid, culprit.id]);
  });
  assert.deepEqual(told, [[], [], [], [['threads', child.pid, real.id]]]);

  child.kill('SIGKILL');
  await once(child, 'close');
  assert.deepEqual(mature.observe(scan(4), new Set()), []);
});
