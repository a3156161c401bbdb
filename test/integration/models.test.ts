import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeSeen } from '../../src/learn/seen.ts';
import type { Comparison } from '../../src/model/comparison.ts';
import { FEATURES } from '../../src/model/features.ts';
import type { RegisteredModel } from '../../src/model/registered-model.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { SECONDS, withHistory } from '../support/stored-history.ts';

const HOMEOSTAT = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));

async function json<T>(folder: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await homeostat(folder, [...args, '--data', 'data', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

test('a model is trained, promoted and rolled back, and the daemon follows', async (t) => {
  const folder = ownFolder(t);
  const start = withHistory(folder);
  const iso = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
  const train = (minutes: number) =>
    json<RegisteredModel>(folder, 'train', '--from', iso(0), '--to', iso(minutes));

  const small = await train(10);
  assert.equal(small.state, 'candidate');
  const promoted = await json<{ running: string }>(folder, 'model', 'promote', small.id);
  assert.equal(promoted.running, 'none');
  const daemon = await Daemon.start(t, folder);
  const modelOf = async () => (await daemon.status()).learning.model?.id;
  assert.equal(await modelOf(), small.id);

  const large = await train(20);
  const compared = await json<{ comparison: Comparison }>(folder, 'model', 'compare', 'current', 'candidate');
  assert.deepEqual([compared.comparison.current.id, compared.comparison.candidate.id], [small.id, large.id]);
  assert.ok(compared.comparison.rows >= 9 * 60, 'the ten minutes after both trainings');
  assert.deepEqual(compared.comparison.worse, []);

  assert.match(
    (await homeostat(folder, ['model', 'promote', 'candidate', '--data', 'data'])).stdout,
    new RegExp(`^${large.id} scores now; 'homeostat model rollback' returns to ${small.id}\n$`),
  );
  assert.equal(await modelOf(), large.id);
  const card = await homeostat(folder, ['model', 'show', 'current', '--data', 'data']);
  for (const line of [/^SHA-256 +[0-9a-f]{64}$/m, /^Rows +1,1\d\d, one each 1 s:/m, /^Loss +autoencoder/m])
    assert.match(card.stdout, line);
  await json(folder, 'model', 'rollback');
  assert.equal(await modelOf(), small.id);
  await json(folder, 'model', 'promote', large.id);
  assert.equal(await modelOf(), large.id);
  const again = await homeostat(folder, ['model', 'promote', large.id, '--data', 'data']);
  assert.deepEqual([again.code, again.stderr], [1, `homeostat: ${large.id} is the current model already\n`]);
  await daemon.end();

  // Without its file the one before it scores.
  const file = join(folder, 'data', 'models', large.file);
  writeFileSync(file, readFileSync(file).subarray(0, 999));
  const next = await Daemon.start(t, folder);
  const { learning } = await next.status();
  assert.equal(learning.model?.id, small.id);
  assert.match(learning.problem ?? '', new RegExp(`the model ${large.id} was refused: .*damaged`));
  const list = await json<readonly RegisteredModel[]>(folder, 'model', 'list');
  assert.deepEqual(
    list.map(({ id, state }) => [id, state]),
    [
      [large.id, 'retired'],
      [small.id, 'current'],
    ],
  );
});

test('what the history exports can be trained on elsewhere', async (t) => {
  const folder = ownFolder(t);
  const start = withHistory(folder);
  const exported = await homeostat(folder, ['export', '--data', 'data']);
  writeFileSync(join(folder, 'telemetry.jsonl'), `${exported.stdout}no telemetry\n`);
  const options = ['train', '--data', 'telemetry.jsonl', '--out', 'other', '--json'];
  const trained = await homeostat(folder, options);
  const model = JSON.parse(trained.stdout) as RegisteredModel & {
    readonly rows: number;
    readonly trainedFrom: number;
    readonly card: { readonly source: unknown };
    readonly telemetry: {
      readonly lines: number;
      readonly bad: number;
      readonly examples: readonly string[];
    };
  };
  assert.equal(model.rows, SECONDS - 15);
  assert.equal(model.trainedFrom, start);
  assert.deepEqual(model.card.source, { kind: 'file', name: 'telemetry.jsonl' });
  assert.deepEqual([model.telemetry.lines, model.telemetry.bad], [SECONDS * FEATURES.length + 1, 1]);
  assert.match(model.telemetry.examples[0]!, /^line \d+ is not JSON: no telemetry/);
});

test('detectors that a person names learn and score, in the daemon and by hand', async (t) => {
  const folder = ownFolder(t);
  const since = withHistory(folder);
  const modelFolder = join(folder, 'data', 'models');
  mkdirSync(modelFolder);
  writeSeen(join(modelFolder, 'learning.json'), { since, seenMs: SECONDS * 1000, trainedMs: undefined });
  writeFileSync(join(folder, 'own.yaml'), 'learn:\n  detectors: [baselines, isolation-forest]\n');
  const daemon = await Daemon.start(t, folder, { args: ['--config', 'own.yaml'] });
  const { learning } = await daemon.until((status) => status.learning.model !== undefined, 'a model');
  assert.deepEqual(learning.model?.detectors, ['isolation-forest', 'baselines']);
  await daemon.end();

  const options = ['--data', 'data', '--detectors', 'lstm'];
  assert.equal((await homeostat(folder, ['train', ...options, '--config', 'own.yaml'])).code, 0);
  const card = await homeostat(folder, ['model', 'show', 'candidate', '--data', 'data']);
  assert.match(card.stdout, /^Detectors +lstm \(1\)$/m);
});

test('a training that is cancelled leaves nothing broken, and goes on where it stopped', async (t) => {
  const folder = ownFolder(t);
  const start = withHistory(folder);
  const period = ['--from', new Date(start).toISOString(), '--to', new Date(start + 1_700_000).toISOString()];
  const args = ['train', '--data', 'data', ...period];
  const child = spawn(process.execPath, [HOMEOSTAT, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let interrupted = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    // A second one would end it at once.
    if (!interrupted && said.includes('learning: convolution')) interrupted = child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 1, said);
  assert.match(
    said,
    /homeostat: the training was cancelled; the same command goes on after what it has finished\n$/,
  );
  assert.deepEqual(await json(folder, 'model', 'list'), []);
  const resumed = await homeostat(folder, args);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stderr, /^An interrupted training goes on/);
  assert.doesNotMatch(resumed.stderr, /learning: autoencoder/);
  const fresh = await homeostat(folder, [...args, '--fresh', '--json']);
  const [only, more] = await json<readonly RegisteredModel[]>(folder, 'model', 'list');
  assert.equal(more, undefined, 'the same model comes of a training in one go');
  assert.equal((JSON.parse(fresh.stdout) as RegisteredModel).sha256, only?.sha256);
});
