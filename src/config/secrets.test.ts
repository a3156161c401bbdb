import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as v from 'valibot';
import { optionalSetting, secretSchema, section } from '../lib/setting.ts';
import { hideSecrets, readSecretFiles } from './secrets.ts';
import type { Shape } from './shape.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-secrets-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'secret'), ' pass word\n\n');
writeFileSync(join(folder, 'empty'), '\n');

const channel = v.variant('type', [
  v.strictObject({ type: v.literal('hook'), url: secretSchema(), to: v.optional(v.string()) }),
  v.strictObject({
    type: v.literal('mail'),
    password: v.optional(secretSchema()),
    password_hint: v.optional(v.string()),
  }),
]);
const shape = v.strictObject({
  serve: section({
    token: optionalSetting('A secret.', secretSchema(), 'x'),
    certificate_file: v.optional(v.string()),
  }),
  channels: v.optional(v.record(v.string(), channel), {}),
  list: v.optional(v.array(channel), []),
}) as unknown as Shape;

test('a secret is read from the file that is named for it, wherever it stands', () => {
  const written = {
    serve: { token_file: 'secret', certificate_file: 'nosuch' },
    channels: { ops: { type: 'hook', url_file: join(folder, 'secret') } },
    list: [{ type: 'mail', password_file: 'secret' }],
  };
  const { value, read, mistakes } = readSecretFiles(written, shape, folder);
  assert.deepEqual(mistakes, []);
  assert.deepEqual(value, {
    serve: { token: ' pass word', certificate_file: 'nosuch' },
    channels: { ops: { type: 'hook', url: ' pass word' } },
    list: [{ type: 'mail', password: ' pass word' }],
  });
  assert.deepEqual(
    read.map(({ path, file }) => [path.join('.'), file]),
    [
      ['serve.token', join(folder, 'secret')],
      ['channels.ops.url', join(folder, 'secret')],
      ['list.0.password', join(folder, 'secret')],
    ],
  );
});

test('a file that is missing, empty or beside the secret itself is a mistake', () => {
  const problem = (serve: object): string => {
    const { mistakes } = readSecretFiles({ serve }, shape, folder);
    assert.equal(mistakes.length, 1);
    assert.deepEqual(mistakes[0]!.path, ['serve', 'token_file']);
    return mistakes[0]!.problem;
  };
  assert.match(problem({ token_file: 'nosuch' }), /nosuch cannot be read \(ENOENT\)/);
  assert.match(problem({ token_file: 'empty' }), /empty is empty/);
  assert.match(problem({ token_file: 5 }), /5 is not the path of a file/);
  assert.match(problem({ token_file: 'secret', token: 'x' }), /is given beside token; keep one/);
});

test('secrets are hidden: by the schema, by their name, and in addresses', () => {
  const written = {
    serve: { token: 'abc', certificate_file: 'c.pem' },
    channels: {
      ops: { type: 'hook', url: 'https://hooks.example/T0/B0', to: 'https://me:pw@example.org/x' },
    },
    list: [{ type: 'mail', password: 'pw', password_hint: 'no' }],
    other: { apiKey: 'k', token_file: '/run/token' },
  };
  assert.deepEqual(hideSecrets(written, shape), {
    serve: { token: '(secret)', certificate_file: 'c.pem' },
    channels: { ops: { type: 'hook', url: '(secret)', to: 'https://me:(secret)@example.org/x' } },
    list: [{ type: 'mail', password: '(secret)', password_hint: '(secret)' }],
    other: { apiKey: '(secret)', token_file: '/run/token' },
  });
});
