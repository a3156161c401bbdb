import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryHistory } from '../../test/support/memory-history.ts';
import { breach } from '../../test/support/situation.ts';
import { createLiveHost } from '../collect/live-host.ts';
import { createProcessScanner } from '../collect/process/linux.ts';
import { ManualClock } from '../lib/clock.ts';
import type { Breach } from '../model/breach.ts';
import type { Incident } from '../model/incident.ts';
import type { ProcessScan } from '../model/process.ts';
import { Advisor, WALKS_FILE } from './advisor.ts';

/** Later than now, so that what was made for the test is old enough. */
const LATER_MS = 120_000;

/** An advisor of this machine. */
function advisor(t: TestContext, breaches: readonly Breach[] = []) {
  const host = createLiveHost();
  const clock = new ManualClock(Date.now() + LATER_MS);
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-advisor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const scanner = createProcessScanner(host);
  let scan: ProcessScan | undefined;
  const made = new Advisor({
    ...{ host, clock, machine: { cpus: 2, memoryBytes: 8e9 }, history: memoryHistory(clock.now(), {}) },
    agent: {
      processes: () => scan,
      openAnomalies: () => [],
      openBreaches: () => breaches,
      blame: () => [],
    },
    walksPath: join(folder, WALKS_FILE),
  });
  const look = async (): Promise<void> => {
    scan = await scanner.scan({ wall: Date.now(), monotonic: performance.now() }, true);
    made.scan(scan);
  };
  return { made, look, folder };
}

/** A child that is ended with the test, once it has become what it is meant to be. */
async function child(t: TestContext, script: string): Promise<number> {
  const started = spawn('bash', ['-c', script], { stdio: 'ignore' });
  t.after(() => {
    started.kill('SIGCONT');
    started.kill('SIGKILL');
  });
  await sleep(700);
  return started.pid!;
}

test('a real process near its limit of files, a real stopped one, and a real parent of zombies are told', async (t) => {
  const crowded = await child(
    t,
    'ulimit -n 64; for fd in {10..61}; do eval "exec $fd</dev/null"; done; exec sleep 60',
  );
  const stopped = await child(t, 'exec sleep 61');
  process.kill(stopped, 'SIGSTOP');
  // A shell that becomes another program fetches no child any more.
  const parent = await child(t, 'sleep 0 & sleep 0 & sleep 0 & sleep 0 & exec sleep 62');
  const well = await child(t, 'exec sleep 63');
  const { made, look } = advisor(t);
  await look();
  const { recommendations, top } = made.advice();
  const of = (pid: number) =>
    recommendations.flatMap(({ rule, target, command }) =>
      target.kind === 'process' && target.pid === pid ? [[rule, command]] : [],
    );
  assert.deepEqual(of(crowded), [['descriptors', `prlimit --pid ${crowded} --nofile=128:128`]]);
  assert.deepEqual(of(stopped), [['frozen-process', `kill -CONT ${stopped}`]]);
  assert.deepEqual(of(parent), [['zombie-parent', `kill -CHLD ${parent}`]]);
  assert.deepEqual(of(well), []);
  assert.ok(top.some(({ resource }) => resource === 'memory'));
  assert.equal(new Set(recommendations.map(({ id }) => id)).size, recommendations.length);
});

test('of an incident only what is about it is told, with what walks over its file system found', (t) => {
  const disk = breach('disk', 'system.filesystem.utilization{system.filesystem.mountpoint=/var}');
  const { made, folder } = advisor(t, [disk]);
  const incident = { culprits: [], metrics: disk.metrics } as unknown as Incident;
  assert.equal(made.advice(incident).recommendations[0]?.command, 'homeostat recommend --walk /var');
  const elsewhere = { culprits: [], metrics: [{ ...disk.metrics[0]!, metric: 'system.memory.utilization' }] };
  assert.deepEqual(made.advice(elsewhere as unknown as Incident).recommendations, []);
  const sizes = { '/var': 9e9, '/var/cache': 8e9, '/var/cache/apt': 8e9 };
  writeFileSync(
    join(folder, WALKS_FILE),
    JSON.stringify({ '/var': [{ at: Date.now(), isPartial: false, sizes }] }),
  );
  assert.equal(made.advice(incident).recommendations[0]?.command, 'apt-get clean');
  writeFileSync(join(folder, WALKS_FILE), '{ broken');
  assert.equal(made.advice(incident).recommendations[0]?.command, 'homeostat recommend --walk /var');
});
