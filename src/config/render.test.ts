import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { durationSchema } from '../lib/quantity.ts';
import { optionalSetting, secretSchema, section, setting } from '../lib/setting.ts';
import { renderReference, renderRows, rowsOf } from './render.ts';
import type { Shape } from './shape.ts';

const shape = v.strictObject({
  serve: section({
    port: setting('Its port.', v.number(), 80),
    token: optionalSetting('What one must know.', secretSchema(), 'abc'),
  }),
  limits: section({
    disk: section({ for: setting('How long.', durationSchema, '5m') }),
    by: setting(
      'By path.',
      v.record(v.string(), v.strictObject({ percent: v.optional(v.number(), 90) })),
      {},
    ),
    mail: v.optional(v.strictObject({ to: v.string() })),
  }),
  level: setting('How much.', v.picklist(['low', 'high']), 'low'),
}) as unknown as Shape;

test('what holds is shown as it is written, with where that is, and the defaults between', () => {
  const written = { serve: { token: 'hunter2' }, limits: { by: { '/var': { percent: 5 }, '/': {} } } };
  const rows = rowsOf(shape, written, (path) =>
    path.includes('/var') || path.includes('token') ? 'a:1' : undefined,
  );
  assert.deepEqual(renderRows(rows).replaceAll(/ +# /g, ' # ').split('\n'), [
    'serve:',
    '  port: 80 # default',
    '  token: (secret) # a:1',
    'limits:',
    '  disk:',
    '    for: 5m # default',
    '  by:',
    '    /var:',
    '      percent: 5 # a:1',
    '    /:',
    '      percent: 90 # default',
    '  #mail: # left out',
    'level: low # default',
  ]);
});

test('the reference has every setting, what it is, its choices, its default or an example', () => {
  assert.deepEqual(renderReference(shape, ['One.', '']).split('\n'), [
    '# One.',
    '#',
    '',
    'serve:',
    '  # Its port.',
    '  #port: 80',
    '  # What one must know.',
    '  #token: abc',
    '',
    'limits:',
    '  disk:',
    '    # How long.',
    '    #for: 5m',
    '  # By path.',
    '  #by: {}',
    '  mail:',
    '    #to:',
    '',
    '# How much. One of low, high.',
    '#level: low',
    '',
  ]);
});
