/** What recorded machines are advised, line by line: on most of them nothing is wrong. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { advise } from '../../src/advise/advise.ts';
import { controlGroup } from '../../src/collect/container/control-group.ts';
import { linkSpeed } from '../../src/collect/network/link-speed.ts';
import { fileLimit } from '../../src/collect/process/file-limit.ts';
import { createProcessScanner } from '../../src/collect/process/linux.ts';
import { loadRecording, RecordedHost } from '../../src/collect/recorded-host.ts';
import { situation } from '../support/situation.ts';
import { replay } from './replay.ts';

async function adviceFor(name: string): Promise<readonly string[]> {
  const path = join(import.meta.dirname, name, 'host.json');
  const recording = loadRecording(existsSync(path) ? path : `${path}.gz`);
  const ticks = await replay(recording);
  const host = new RecordedHost(recording);
  const scanner = createProcessScanner(host);
  let scan = scanner.scan(host.seek(0), true);
  for (const index of [...host.ticks.keys()].slice(1)) scan = scanner.scan(host.seek(index), true);
  const { recommendations } = advise(
    situation({
      ...{ at: scan.at, cpus: 2, memoryBytes: 8e9, processes: scan.processes },
      metrics: new Map(Object.entries(ticks.at(-1)!.metrics)),
      fileLimit: (pid) => fileLimit(host, pid),
      group: (of) => controlGroup(host, of),
      linkSpeed: (of) => linkSpeed(host, of),
    }),
  );
  return recommendations.map(({ rule, subject, why }) => `${rule}: ${subject}: ${why}`);
}

for (const name of ['virtual-machine', 'many-processes', 'containers', 'odd-input'])
  test(`the recorded host "${name}" is given the advice that fits it`, async () => {
    assert.deepEqual(await adviceFor(name), EXPECTED[name] ?? []);
  });

const EXPECTED: Readonly<Partial<Record<string, readonly string[]>>> = {
  // Somebody stopped a shell on it.
  'virtual-machine': [
    'frozen-process: process `bash` (pid 14): its state is T (stopped), in which it waits for SIGCONT',
  ],
};
