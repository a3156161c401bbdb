import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseHeaders } from './headers.ts';

it('headers are read as OpenTelemetry writes them', () => {
  assert.deepEqual(parseHeaders('Authorization=Bearer%20abc%3D, x-scope = 1'), {
    authorization: 'Bearer abc=',
    'x-scope': '1',
  });
  assert.deepEqual(parseHeaders('a=1\nb=2\n'), { a: '1', b: '2' });
  assert.deepEqual(parseHeaders(''), {});
});

it('what would be no header is refused', () => {
  for (const text of ['authorization', 'a b=1', '=1', 'a=%zz', 'a=%0d%0aevil:1', 'a=%C3%A4'])
    assert.equal(parseHeaders(text), undefined, text);
});
