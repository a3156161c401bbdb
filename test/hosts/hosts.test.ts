/**
 * Every recorded host in this folder is played through all collectors and the process scan, and must give what its
 * `expected.json` says. To renew those on purpose: `HOMEOSTAT_UPDATE_HOSTS=1 node --test test/hosts/hosts.test.ts`,
 * and read the difference line by line before it is kept.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecording } from '../../src/collect/recorded-host.ts';
import { FEATURES } from '../../src/model/features.ts';
import { replay } from './replay.ts';

const UPDATE = process.env['HOMEOSTAT_UPDATE_HOSTS'] === '1';
const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

function recordingOf(name: string) {
  const path = join(import.meta.dirname, name, 'host.json');
  return loadRecording(existsSync(path) ? path : `${path}.gz`);
}

for (const name of folders) {
  test(`the recorded host "${name}" gives its golden result`, async () => {
    const result = JSON.parse(JSON.stringify(await replay(recordingOf(name)))) as unknown;
    const path = join(import.meta.dirname, name, 'expected.json');
    if (UPDATE) writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
    assert.deepEqual(result, JSON.parse(readFileSync(path, 'utf8')));
  });
}

for (const name of ['virtual-machine', 'many-processes', 'containers']) {
  test(`the recorded host "${name}" has every feature at its second tick`, async () => {
    const ticks = await replay(recordingOf(name));
    const missing = FEATURES.filter(({ key }) => ticks[1]?.metrics[key] === undefined);
    assert.deepEqual(missing, []);
  });
}

test('two recorded hosts of this folder hold many processes and hostile input', async () => {
  const many = await replay(recordingOf('many-processes'));
  assert.ok((many[1]?.processCount ?? 0) > 400);
  const odd = await replay(recordingOf('odd-input'));
  const largest = Math.max(...odd.flatMap((tick) => Object.values(tick.metrics)));
  assert.ok(largest < 1e12, `a counter of 2^64-1 made a spike of ${largest}`);
});
