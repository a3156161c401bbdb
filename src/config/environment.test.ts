import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { optionalSetting, secretSchema, section, setting } from '../lib/setting.ts';
import { put, readEnvironment } from './environment.ts';
import type { Shape } from './shape.ts';

const schema = v.strictObject({
  serve: section({
    port: setting('A port.', v.number(), 80),
    host: setting('A host.', v.string(), 'here'),
    token: optionalSetting('A secret.', secretSchema(), 'x'),
  }),
  limits: section({
    disk: section({
      percent: setting('How full.', v.number(), 90),
      by: setting('By path.', v.record(v.string(), v.number()), {}),
    }),
    on: setting('Whether.', v.boolean(), true),
    names: setting('Names.', v.array(v.union([v.string(), v.number()])), []),
  }),
}) as unknown as Shape;

const read = (variables: Readonly<Record<string, string>>) =>
  readEnvironment(schema, {
    variables,
    aliases: { HOMEOSTAT_TOKEN: 'serve.token' },
    others: ['HOMEOSTAT_DATA'],
  });

const given = (variables: Readonly<Record<string, string>>) => {
  const { given, mistakes } = read(variables);
  assert.deepEqual(mistakes, []);
  return Object.fromEntries(given.map(({ path, value }) => [path.join('.'), value]));
};

test('a variable is what the schema wants it to be', () => {
  const values = given({
    HOMEOSTAT_SERVE__PORT: ' 8080 ',
    HOMEOSTAT_SERVE__HOST: '127',
    HOMEOSTAT_LIMITS__DISK__PERCENT: '85.5',
    HOMEOSTAT_LIMITS__DISK__BY: '{"/var": 70}',
    HOMEOSTAT_LIMITS__ON: 'false',
    HOMEOSTAT_LIMITS__NAMES: '[a, 2,c]',
  });
  assert.deepEqual(values, {
    'serve.port': 8080,
    'serve.host': '127',
    'limits.disk.percent': 85.5,
    'limits.disk.by': { '/var': 70 },
    'limits.on': false,
    'limits.names': ['a', 2, 'c'],
  });
  assert.deepEqual(given({ HOMEOSTAT_LIMITS__NAMES: 'a' }), { 'limits.names': ['a'] });
});

test('what is not a number stays as it is for the schema to refuse, and nothing is nothing', () => {
  assert.deepEqual(given({ HOMEOSTAT_SERVE__PORT: 'eighty', HOMEOSTAT_SERVE__HOST: ' ' }), {
    'serve.port': 'eighty',
  });
});

test('an older name gives way to the one by the rule', () => {
  const { given } = read({ HOMEOSTAT_SERVE__TOKEN: 'new', HOMEOSTAT_TOKEN: 'old' });
  const values = given.reduce<Record<string, unknown>>((all, { path, value }) => put(all, path, value), {});
  assert.deepEqual(values, { serve: { token: 'new' } });
  assert.deepEqual(read({ HOMEOSTAT_TOKEN: 'old' }).given[0]?.path, ['serve', 'token']);
});

test('a secret and the file of one take the place of each other', () => {
  assert.deepEqual(put({ serve: { token_file: 'a', port: 1 } }, ['serve', 'token'], 'b'), {
    serve: { port: 1, token: 'b' },
  });
  const [file] = read({ HOMEOSTAT_SERVE__TOKEN_FILE: '/run/token' }).given;
  assert.deepEqual(put({ serve: { token: 'b' } }, file!.path, file!.value), {
    serve: { token_file: '/run/token' },
  });
});

test('what looks like a setting and is none is a mistake with the nearest name', () => {
  const mistake = (name: string): string => read({ [name]: '1' }).mistakes.join();
  assert.match(
    mistake('HOMEOSTAT_SERVE__PROT'),
    /^HOMEOSTAT_SERVE__PROT: .*did you mean HOMEOSTAT_SERVE__PORT\?$/,
  );
  assert.match(mistake('HOMEOSTAT_SERVE_PORT'), /did you mean HOMEOSTAT_SERVE__PORT\?$/);
  assert.match(mistake('HOMEOSTAT_TOKN'), /did you mean HOMEOSTAT_TOKEN\?$/);
  assert.match(
    mistake('HOMEOSTAT_NOTHING__LIKE_IT'),
    /is not a setting; known with HOMEOSTAT_ before them: SERVE__/,
  );
  assert.match(mistake('HOMEOSTAT_SERVE'), /is not a setting/);
});

test('variables of others are left alone', () => {
  for (const name of [
    'HOMEOSTAT_PORT',
    'HOMEOSTAT_SERVICE_HOST',
    'HOMEOSTAT_PORT_80_TCP',
    'HOMEOSTAT_DATA',
    'PATH',
  ])
    assert.deepEqual(read({ [name]: '1' }), { given: [], mistakes: [] }, name);
});
