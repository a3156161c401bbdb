import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeToken, encodeToken, newSecret, secretHash, secretId } from './token.ts';

const token = { address: 'hub.example:50052', pin: randomBytes(32), secret: newSecret() };

test('a token says the same after it was carried over, with and without a name', () => {
  assert.deepEqual(decodeToken(encodeToken(token)), token);
  const named = { ...token, name: 'web-1', address: '[::1]:50052' };
  assert.deepEqual(decodeToken(`  ${encodeToken(named)}\n`), named);
});

test('a token that was changed or cut anywhere is refused, and so is any other text', () => {
  const word = encodeToken(token);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: word.length - 1 }), (at) => {
      assert.throws(() => decodeToken(word.slice(0, at)), /token/);
      const other = word[at] === 'A' ? 'B' : 'A';
      assert.throws(() => decodeToken(word.slice(0, at) + other + word.slice(at + 1)), /token/);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => assert.throws(() => decodeToken(text), /token/)));
});

test('a secret has 192 random bits beside its name, and neither its name nor what is kept tells it', () => {
  const secret = newSecret();
  assert.equal(Buffer.from(secret, 'base64url').length, 30);
  assert.notEqual(secret, newSecret());
  assert.ok(!secretId(secret).includes(secret) && secretId(secret).length === 12);
  assert.match(secretHash(secret), /^[0-9a-f]{64}$/);
});
