import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { violations } from '../../test/support/json-schema.ts';
import { durationSchema, sizeSchema } from '../lib/quantity.ts';
import { optionalSetting, secretSchema, section, setting } from '../lib/setting.ts';
import { toJsonSchema } from './json-schema.ts';
import type { Shape } from './shape.ts';

const convert = (schema: v.GenericSchema) => toJsonSchema(schema as unknown as Shape, 'a test');

const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535));
const schema = v.strictObject({
  serve: section({
    port: setting('A port.', port, 80),
    token: optionalSetting('A secret.', secretSchema('long enough', 8), 'long-enough'),
    share: setting('A share.', v.pipe(v.number(), v.gtValue(0), v.ltValue(1)), 0.5),
  }),
  keep: section({
    for: setting('A span.', durationSchema, '1d'),
    cap: setting('A size.', sizeSchema('1kB'), '1MB'),
  }),
  who: section({
    names: setting('Names.', v.pipe(v.array(v.picklist(['a', 'b'])), v.minLength(1), v.maxLength(2)), ['a']),
    by: setting('Limits by path.', v.record(v.pipe(v.string(), v.regex(/^\//)), port), {}),
    quiet: setting('Whether.', v.boolean(), false),
    code: setting('A code.', v.nullable(v.pipe(v.string(), v.maxLength(3))), null),
  }),
  channels: setting(
    'Where to.',
    v.record(
      v.string(),
      v.variant('type', [
        v.strictObject({ type: v.literal('mail'), to: v.union([v.string(), v.array(v.string())]) }),
        v.strictObject({ type: v.literal('hook'), password: secretSchema() }),
      ]),
    ),
    {},
  ),
});

/** What is written, and whether it is right. */
const cases: readonly (readonly [unknown, boolean])[] = [
  [{}, true],
  [{ serve: {} }, true],
  [{ sever: {} }, false],
  [{ serve: { port: 8080 } }, true],
  [{ serve: { port: 8080.5 } }, false],
  [{ serve: { port: -1 } }, false],
  [{ serve: { port: 70_000 } }, false],
  [{ serve: { port: '80' } }, false],
  [{ serve: { share: 1 } }, false],
  [{ serve: { share: 0.1 } }, true],
  [{ serve: { token: 'short' } }, false],
  [{ serve: { token: 'long enough' } }, true],
  [{ serve: 5 }, false],
  [{ keep: { for: '10m' } }, true],
  [{ keep: { for: '1.5 h' } }, true],
  [{ keep: { for: 'soon' } }, false],
  [{ keep: { cap: '10 MiB' } }, true],
  [{ keep: { cap: '10' } }, false],
  [{ who: { names: ['a', 'b'] } }, true],
  [{ who: { names: [] } }, false],
  [{ who: { names: ['a', 'b', 'a'] } }, false],
  [{ who: { names: ['c'] } }, false],
  [{ who: { by: { '/var': 5 } } }, true],
  [{ who: { by: { var: 5 } } }, false],
  [{ who: { by: { '/var': '5' } } }, false],
  [{ who: { quiet: true } }, true],
  [{ who: { quiet: 'yes' } }, false],
  [{ who: { code: null } }, true],
  [{ who: { code: 'abcd' } }, false],
  [{ channels: { a: { type: 'mail', to: 'x' } } }, true],
  [{ channels: { a: { type: 'mail', to: ['x', 'y'] } } }, true],
  [{ channels: { a: { type: 'mail', to: 5 } } }, false],
  [{ channels: { a: { type: 'mail' } } }, false],
  [{ channels: { a: { type: 'hook', password: 'x' } } }, true],
  [{ channels: { a: { type: 'hook' } } }, false],
  [{ channels: { a: { type: 'pigeon' } } }, false],
];

test('the JSON Schema takes what the schema takes, and refuses what it refuses', () => {
  const converted = convert(schema);
  for (const [value, right] of cases) {
    const text = JSON.stringify(value);
    assert.equal(v.safeParse(schema, value).success, right, `the schema: ${text}`);
    assert.equal(violations(converted, value).length === 0, right, `the JSON Schema: ${text}`);
  }
});

test('a secret may be named by a file, and a section may be empty', () => {
  const converted = convert(schema);
  assert.deepEqual(violations(converted, { serve: { token_file: '/run/token' }, keep: null }), []);
  assert.deepEqual(violations(converted, { channels: { a: { type: 'hook', password_file: 'x' } } }), []);
  assert.equal(violations(converted, { serve: { port_file: '/run/port' } }).length, 1);
});

test('what each setting is, what is allowed and its default stand in it', () => {
  const { properties } = convert(schema) as {
    properties: Record<string, { properties: Record<string, object> }>;
  };
  assert.deepEqual(properties.serve!.properties.port, {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    description: 'A port.',
    default: 80,
  });
  assert.match(JSON.stringify(properties.keep!.properties.for), /A span\. Allowed: a span of time: .*10m\./);
  assert.match(JSON.stringify(properties.serve!.properties.token), /"writeOnly":true/);
});

test('a kind of schema that is not known is refused', () => {
  assert.throws(() => convert(v.strictObject({ at: v.date() })), /date: there is no JSON Schema/);
});
