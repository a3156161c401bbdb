import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { violations } from '../../../test/support/json-schema.ts';
import { settingsSchema } from '../../agent/settings.ts';
import { loadConfig } from '../../config/config.ts';
import { toJsonSchema } from '../../config/json-schema.ts';
import { notesOf, type Shape, settingsOf } from '../../config/shape.ts';
import { referenceFile } from './init.ts';

const settings = settingsOf(settingsSchema as unknown as Shape);

test('docs/configuration.md shows the file with every setting and its default, and no other', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const shown = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1];
  assert.equal(
    shown,
    referenceFile(),
    "the first yaml block of docs/configuration.md must be what 'homeostat config init --stdout' prints: put that there",
  );
});

test('every setting says what it is, and has a default or an example', () => {
  for (const { path, shape, fallback } of settings) {
    const name = path.join('.');
    const { about, example } = notesOf(shape);
    assert.ok(about, `${name}: say what it is, with setting() or optionalSetting() of lib/setting.ts`);
    assert.match(about, /^[A-Z].*\.$/s, `${name}: what it is must be a sentence`);
    assert.ok((fallback ?? example) !== undefined, `${name}: it has neither a default nor an example`);
  }
});

test('the file says nothing, as all is commented out; uncommented it is right and says the defaults', async () => {
  const text = referenceFile();
  const empty = parse(text) as Record<string, unknown>;
  assert.ok(Object.values(empty).every((section) => section === null || typeof section === 'object'));
  const full = parse(text.replaceAll(/^( *)#(?! )/gm, '$1')) as Record<string, never>;
  const { written } = await loadConfig(settingsSchema, { file: undefined, required: false, overrides: full });
  for (const { path, shape, fallback } of settings) {
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], written);
    assert.deepEqual(value, fallback ?? notesOf(shape).example, path.join('.'));
  }
});

test('the JSON Schema of the whole configuration takes what is right and refuses what is not', () => {
  const converted = toJsonSchema(settingsSchema as unknown as Shape, 'a test');
  assert.deepEqual(violations(converted, parse(referenceFile())), []);
  assert.deepEqual(violations(converted, { learn: { detectors: ['lstm'] }, alarms: { per_week: 1 } }), []);
  assert.equal(violations(converted, { alarms: { per_week: 900 }, store: { cap: 'much' } }).length, 2);
});
