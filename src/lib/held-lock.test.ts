import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdLock, LockHeld } from './held-lock.ts';

test('a lock is held until it is released, by whom is told, and it closes its files to others', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const release = holdLock(folder, 'hub');
  for (let again = 0; again < 2; again++)
    assert.throws(
      () => holdLock(folder, 'hub'),
      (error: unknown) => error instanceof LockHeld && error.holder === `pid ${process.pid}`,
    );
  holdLock(folder, 'other')();
  for (const file of readdirSync(folder))
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  release();
  holdLock(folder, 'hub')();
});
