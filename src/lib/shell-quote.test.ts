import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { shellQuote } from './shell-quote.ts';

test('a shell reads what was quoted, whatever it is, and runs none of it', () => {
  const texts = [
    'plain-1.2_x/y',
    'two words',
    "it's",
    '$(touch /tmp/never)`id`',
    '"; rm -rf / #',
    '-rf',
    '*',
    '~',
    '',
    'new\nline',
    'tab\tand \u001b[31mred',
    '\u202eturned',
    'ünïcode',
    'back\\slash',
    "quote'\nand line",
    'a`; touch /tmp/never #',
  ];
  for (const text of texts) {
    const { stdout } = spawnSync('bash', ['-c', `printf %s ${shellQuote(text)}`], { encoding: 'utf8' });
    assert.equal(stdout, text);
    assert.doesNotMatch(shellQuote(text), /[^\x20-\x7e]|`/);
  }
  assert.equal(shellQuote('/var/log'), '/var/log');
});
