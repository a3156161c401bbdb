import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret, withoutSecrets } from './secret.ts';

test('a secret is read each time, without the line end of its file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-secret-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  const secret = new Secret({ file });
  assert.throws(() => secret.read(), /secret: the secret cannot be read \(ENOENT\)/);
  writeFileSync(file, 'one\n', { mode: 0o600 });
  assert.equal(secret.read(), 'one');
  writeFileSync(file, 'two\r\n');
  assert.equal(secret.read(), 'two');
  writeFileSync(file, '\n');
  assert.throws(() => secret.read(), /the file is empty/);
});

test('a file that others can read is not used', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-secret-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, 'one', { mode: 0o600 });
  for (const mode of [0o640, 0o604, 0o644, 0o660]) {
    chmodSync(file, mode);
    assert.throws(() => new Secret({ file }).read(), /others could read keys: run 'chmod 600 .*new secret/);
  }
});

test('of the environment; and what is not there is named', () => {
  const env = { WITH: ' value ', EMPTY: '' };
  assert.equal(new Secret({ env: 'WITH' }, env).read(), 'value');
  for (const name of ['EMPTY', 'NONE'])
    assert.throws(
      () => new Secret({ env: name }, env).read(),
      new RegExp(`^UserError: ${name}: the environment`),
    );
});

test('printed in any way it is its place', () => {
  const secret = new Secret({ env: 'WITH' }, { WITH: 'hidden value' });
  const shown = [`${secret}`, JSON.stringify(secret), inspect(secret, { depth: 9, showHidden: true })];
  assert.doesNotMatch(shown.join(), /hidden value/);
  assert.equal(`${secret}`, 'environment WITH');
});

test('what others say is without secrets, also encoded ones', () => {
  const secret = 'pass word/1';
  const said = `no: ${secret}, ${encodeURIComponent(secret)}, ${Buffer.from(secret).toString('base64')}, a pass`;
  assert.equal(withoutSecrets(said, [secret, '', 'no']), 'no: [secret], [secret], [secret], a pass');
});
