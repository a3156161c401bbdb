import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseWide } from './private-file.ts';

test('a key that a link points to is refused until it was closed by the command that is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-private-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const link = join(folder, 'host.key');
  writeFileSync(join(folder, 'real.key'), '');
  chmodSync(join(folder, 'real.key'), 0o644);
  symlinkSync('real.key', link);
  assert.throws(() => refuseWide(link, 0o600), /has mode 0644.*run 'chmod 600 /);
  chmodSync(link, 0o600);
  refuseWide(link, 0o600);
});
