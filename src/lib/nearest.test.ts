import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const names = ['provisional_after', 'calibrated_after', 'seed', 'port', 'host'];

test('what was mistyped is found: a letter too many, too few, another or swapped', () => {
  assert.equal(nearest('provisional_aftr', names), 'provisional_after');
  assert.equal(nearest('sede', names), 'seed');
  assert.equal(nearest('seeed', names), 'seed');
  assert.equal(nearest('PORT', names), 'port');
  assert.equal(nearest('prot', names), 'port');
});

test('what is like none of them is not guessed', () => {
  assert.equal(nearest('colour', names), undefined);
  assert.equal(nearest('x', names), undefined);
  assert.equal(nearest('seed', []), undefined);
});
