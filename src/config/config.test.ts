import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as v from 'valibot';
import { UserError } from '../lib/errors.ts';
import { durationSchema, sizeSchema } from '../lib/quantity.ts';
import { loadConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-config-'));
after(() => rmSync(folder, { recursive: true }));

const schema = v.strictObject({
  learn: v.optional(
    v.strictObject({ after: v.optional(durationSchema, '10m'), seed: v.optional(v.number(), 1) }),
    {},
  ),
  store: v.optional(v.strictObject({ cap: v.optional(sizeSchema('1kB'), '1GiB') }), {}),
  serve: v.optional(
    v.strictObject({ token: v.optional(v.pipe(v.string(), v.minLength(16, 'long enough'))) }),
    {},
  ),
});

function file(text: string): string {
  const path = join(folder, 'a.yaml');
  writeFileSync(path, text);
  return path;
}

const load = async (text: string, overrides = {}) =>
  (await loadConfig(schema, { file: file(text), required: true, overrides })).settings;

async function complaint(text: string): Promise<string> {
  const error = await load(text).then(
    () => assert.fail('was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.exitCode, 2);
  assert.ok(!error.message.includes('\n'));
  return error.message.replace(folder, '');
}

test('the command line wins over the file and the file over the defaults', async () => {
  const settings = await load('learn:\n  after: 5m\n  seed: 7\n', {
    learn: { after: '1h', seed: undefined },
  });
  assert.deepEqual(settings, { learn: { after: 3_600_000, seed: 7 }, store: { cap: 1024 ** 3 }, serve: {} });
});

test('a missing file is an error only when it was asked for', async () => {
  const sources = { file: join(folder, 'none.yaml'), overrides: {} };
  assert.equal((await loadConfig(schema, { ...sources, required: false })).settings.learn.after, 600_000);
  await assert.rejects(loadConfig(schema, { ...sources, required: true }), /none\.yaml: .*ENOENT/);
});

test('a section without settings is empty, not wrong', async () => {
  assert.equal((await load('learn:\n  # after: 5m\n')).learn.after, 600_000);
});

test('each mistake is named by file, line, key, value and remedy', async () => {
  assert.match(
    await complaint('store:\n  cap: 1GiB\nlearn:\n  after: soon\n'),
    /^\/a\.yaml:4: learn\.after: "soon" is not a span of time: .*10m/,
  );
  assert.match(await complaint('store:\n  cap: 12B\n'), /store\.cap: "?12B"? is not a size of 1kB or more/);
  assert.match(await complaint('store:\n  cap: 12\n'), /^\/a\.yaml:2: store\.cap: 12 is not a size/);
  assert.match(
    await complaint('learn:\n  aftre: 5m\n'),
    /^\/a\.yaml:\d: learn\.aftre: is not a setting; known here: after, seed/,
  );
  assert.match(
    await complaint('learn: {}\nlern:\n  after: 5m\n'),
    /^\/a\.yaml:2: lern: is not a setting; known here: learn, store, serve/,
  );
  assert.equal(
    await complaint('serve:\n  token: hunter2\n'),
    '/a.yaml:2: serve.token: what was given is not long enough',
  );
  assert.match(await complaint('learn: [1\n'), /^\/a\.yaml:\d: not valid YAML/);
  assert.match(await complaint('- a\n'), /must be sections/);
  assert.match(await complaint('learn: 5\n'), /a\.yaml:1: learn: 5 is not allowed/);
});

test('all mistakes are named at once, in the order of the file', async () => {
  const text = 'store:\n  cap: 12\n  size: 1\nserve:\n  token: short\n  prot: 5\nlearn:\n  seed: [1]\n';
  const error = await load(text, { learn: { after: 'soon' } }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof UserError);
  const said = [error.message, ...error.more].map((line) => line.replace(folder, ''));
  assert.deepEqual(
    said.map((line) => line.split(' ')[0]),
    ['/a.yaml:2:', '/a.yaml:3:', '/a.yaml:5:', '/a.yaml:6:', '/a.yaml:8:', 'command'],
  );
  assert.match(said.at(-1)!, /^command line: learn\.after: "soon" is not a span of time/);
});

test('what is wrong in one of several shapes is named too', async () => {
  const shapes = v.strictObject({
    list: v.array(v.variant('type', [v.strictObject({ type: v.literal('a'), url: v.string() })])),
    either: v.optional(v.union([v.string(), v.strictObject({ a: v.number() })])),
  });
  const said = async (text: string): Promise<string[]> => {
    const error = await loadConfig(shapes, { file: file(text), required: true, overrides: {} }).then(
      () => assert.fail('was accepted'),
      (thrown: unknown) => thrown as UserError,
    );
    return [error.message, ...error.more].map((line) => line.replace(folder, ''));
  };
  const lines = await said('list:\n  - type: a\n    ulr: x\n  - type: b\neither:\n  b: 1\n');
  assert.match(lines[0]!, /^\/a\.yaml:2: list\.0\.url: is missing/);
  assert.match(
    lines[1]!,
    /^\/a\.yaml:3: list\.0\.ulr: is not a setting; known here: type, url; did you mean url\?/,
  );
  assert.match(lines[2]!, /^\/a\.yaml:4: list\.1\.type: "b" is not allowed/);
  assert.match(lines[3]!, /^\/a\.yaml:[56]: either/);
});
