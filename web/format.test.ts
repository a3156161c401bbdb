import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisWidth } from './format.ts';

const widthOf = (text: string): number => 6.2 * text.length;

test('axes are alike, and one with long labels has room for them', () => {
  assert.equal(axisWidth([], 6, widthOf), 58);
  assert.equal(axisWidth(['', '50 %', '100 %'], 6, widthOf), 58);
  assert.equal(axisWidth(['0 /s', '150,000 /s'], 6, widthOf), 68);
});
