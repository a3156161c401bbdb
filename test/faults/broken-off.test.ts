import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ownFolder } from '../support/daemon.ts';

test('a run that is broken off by Ctrl-C begins nothing more, leaves nothing behind, and ends as whoever is interrupted', async (t) => {
  const folder = ownFolder(t);
  const program = fileURLToPath(new URL('broken-off.child.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', program, join(folder, 'begun')];
  const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => run.kill('SIGKILL'));
  let said = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (text.includes('ready')) run.kill('SIGINT');
  });
  const [code] = (await once(run, 'close')) as [number | null];
  assert.equal(said, 'first: its hub ends with the terminal ...\nready\n');
  assert.equal(code, 130);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== 'home'),
    [],
  );
});
