import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as v from 'valibot';
import { exportersSchema } from './settings.ts';

const isRight = (otlp: Record<string, unknown>): boolean => v.safeParse(exportersSchema, { otlp }).success;

it('nothing is exported by OTLP unless an endpoint is named', () => {
  const { otlp, prometheus } = v.parse(exportersSchema, {});
  assert.equal(otlp.endpoint, undefined);
  assert.equal(otlp.interval, 60_000);
  assert.equal(prometheus.processes, 0);
});

it('an endpoint is a URL with no secret in it', () => {
  for (const endpoint of ['http://127.0.0.1:4318', 'https://collector.example/otlp/', 'http://[::1]:4318'])
    assert.ok(isRight({ endpoint }), endpoint);
  for (const endpoint of [
    'collector:4318',
    'ftp://x',
    'http://',
    'http://user:word@x',
    'http://x?key=1',
    'http://x#a',
    1,
  ])
    assert.ok(!isRight({ endpoint }), String(endpoint));
});

it('what is out of bounds is refused', () => {
  for (const wrong of [
    { interval: '500ms' },
    { interval: '2h' },
    { timeout: '0s' },
    { headers: 'no header' },
  ])
    assert.ok(!isRight(wrong), JSON.stringify(wrong));
  assert.ok(isRight({ interval: '1s', timeout: '1m', headers: 'a=b,c=d' }));
});
