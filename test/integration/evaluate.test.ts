import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { homeostat, interrupted, ownFolder } from '../support/daemon.ts';
import { syntheticRows } from '../support/synthetic-machine.ts';

const TRAIN = 3000;
const TEST = 400;
const COLUMNS = 4;
/** What learns in milliseconds. */
const QUICK = ['--detectors', 'isolation-forest,principal-residual'];

/** Three sets in a folder `sets`: one compressed, one plain, one without labels. In each a column breaks. */
function sets(t: TestContext): string {
  const folder = ownFolder(t);
  const path = (name: string): string => join(folder, 'sets', name);
  mkdirSync(path(''));
  const names = ['machine-7-1', 'machine-7-2', 'omi-70'];
  const meta = names.map((name) => ({
    ...{ name, features: COLUMNS, train_rows: TRAIN, test_rows: TEST, per_day: 1440 },
    ...{ gap: 10, vus_window: 12 },
  }));
  writeFileSync(path('meta.json'), JSON.stringify(meta));
  const labels = new Uint8Array(TEST).fill(1, 300, 330);
  for (const [index, name] of names.entries()) {
    const { data } = syntheticRows(TRAIN + TEST, COLUMNS, index + 1);
    for (let row = TRAIN + 300; row < TRAIN + 330; row++) data[row * COLUMNS + 1]! += 30;
    const save = (file: string, bytes: Uint8Array): void =>
      writeFileSync(
        path(`${name}.${file}${index === 0 ? '.gz' : ''}`),
        index === 0 ? gzipSync(bytes) : bytes,
      );
    const bytes = new Uint8Array(data.buffer);
    const trainBytes = TRAIN * COLUMNS * 4;
    save('train.f32', bytes.subarray(0, trainBytes));
    save('test.f32', bytes.subarray(trainBytes));
    if (name !== 'omi-70') save('label.u8', labels);
  }
  return folder;
}

test('sets are evaluated: scores and alarms for the referee, measures for a person', async (t) => {
  const folder = sets(t);
  const { code, stdout, stderr } = await homeostat(folder, [
    ...['evaluate', 'sets', '--scores', 'deep/out', '--report', 'report.md', '--jobs', '2'],
    ...QUICK,
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^set +AUC-PR +VUS-PR/);
  assert.match(stdout, /^machine-7-1 +[01]\.\d{3} .* 1\/1 /m);
  assert.match(stdout, /^omi-70( +-)+$/m);
  assert.match(stdout, /^SMD \(2\) .* 2\/2 /m);
  assert.match(stderr, /^3 of 3 after \d+ s: /m);
  assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /\| SMD \(2\) \| [01]\.\d{3} \|/);
  const out = join(folder, 'deep', 'out');
  assert.equal(readdirSync(out).length, 9);
  for (const [file, bytes] of [
    ['omi-70.train.score.f32', TRAIN * 4],
    ['omi-70.test.score.f32', TEST * 4],
    ['omi-70.flag.u8', TEST],
  ] as const)
    assert.equal(readFileSync(join(out, file)).length, bytes);
});

test('a second evaluation replaces the scores of the chosen sets with the same ones, and JSON has all figures', async (t) => {
  const folder = sets(t);
  const args = ['evaluate', 'sets', '--scores', 'out', '--only', 'machine-7-2', '--json', ...QUICK];
  const first = await homeostat(folder, args);
  const before = readFileSync(join(folder, 'out', 'machine-7-2.test.score.f32'));
  const second = await homeostat(folder, args);
  assert.deepEqual(readFileSync(join(folder, 'out', 'machine-7-2.test.score.f32')), before);
  assert.equal(readdirSync(join(folder, 'out')).length, 3);
  const [one, other] = [first, second].map(({ stdout }) => {
    const { detectors, sets, groups } = JSON.parse(stdout) as Record<string, Record<string, unknown>[]>;
    assert.deepEqual(detectors, ['principal-residual', 'isolation-forest']);
    return { groups, set: { ...sets![0], scoreMicroseconds: 0 } };
  });
  assert.deepEqual(one, other);
  assert.equal((one!.groups![0]!.events as { found: number }).found, 1);
});

test('an ablation fills its place on a page and leaves the rest alone', async (t) => {
  const folder = sets(t);
  const page = join(folder, 'page.md');
  writeFileSync(page, 'Before.\n<!-- ablation -->\nold\n<!-- /ablation -->\nAfter.\n');
  const { code, stdout } = await homeostat(folder, [
    ...['evaluate', 'sets', '--ablation', '--report', 'page.md'],
    ...QUICK,
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /^SMD, 2 sets\ndetectors +AUC-PR/);
  const text = readFileSync(page, 'utf8');
  assert.match(text, /^Before\.\n<!-- ablation -->\n\nSMD, 2 sets:\n\n\| detectors /);
  assert.match(
    text,
    /\| what ships \|.*\n\| without principal-residual \|.*\n\| without isolation-forest \|/,
  );
  assert.match(text, /\n<!-- \/ablation -->\nAfter\.\n$/);
  assert.ok(!text.includes('old'));
});

test('Ctrl-C ends it at once, and what was written is whole', async (t) => {
  const folder = sets(t);
  const { code, stdout, stderr } = await interrupted(
    folder,
    ['evaluate', 'sets', '--scores', 'out', '--jobs', '1'],
    /1 of 3/,
  );
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /\nhomeostat: stopped by SIGINT; what is written is whole\n$/);
  const files = readdirSync(join(folder, 'out'));
  assert.ok(files.length >= 3 && files.length < 9 && files.length % 3 === 0, files.join());
});

test('what cannot be evaluated is named in one line', async (t) => {
  const folder = sets(t);
  writeFileSync(join(folder, 'file'), '');
  writeFileSync(join(folder, 'half.md'), '<!-- evaluation -->');
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'sets', 'omi-70.test.f32'), 'short');
  for (const [args, names] of [
    [['nosuch'], /nosuch: there is no such folder/],
    [['file'], /file: there is no such folder/],
    [['empty'], /empty\/meta\.json: cannot be read \(ENOENT\)/],
    [['sets', '--only', 'omi-1'], /no set is named 'omi-1'; there are machine-7-1, machine-7-2, omi-70/],
    [['sets', '--detectors', 'oracle'], /no detector is named 'oracle'; there are /],
    [['sets', '--scores', 'file'], /file: the folder for the scores cannot be made \(EEXIST\)/],
    [['sets', '--report', 'nosuch/page.md'], /nosuch\/page\.md: the report cannot be written \(ENOENT\)/],
    [['sets', '--report', 'empty'], /empty: the report cannot be written \(EISDIR\)/],
    [['sets', '--report', 'half.md'], /half\.md: needs both <!-- evaluation --> and/],
    [['sets', '--only', 'omi-70', ...QUICK], /omi-70\.test\.f32: 5 bytes are not 400 rows of 4 float32/],
  ] as const) {
    const { code, stdout, stderr } = await homeostat(folder, ['evaluate', ...args]);
    assert.match(stderr, /^homeostat: [^\n]+\n$/);
    assert.match(stderr, names);
    assert.deepEqual([code, stdout], [2, '']);
  }
});
