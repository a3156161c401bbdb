// Installs the dependencies where they are missing or older than the lock file. Runs on any Node from 20 on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node24.mjs';

/** Runs `npm ci` with its progress visible unless the last one was for this very lock file. */
export function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.homeostat-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the dependencies (once, about 340 MB in node_modules) ...');
  // The messages about an older Node are expected: the right one is among the dependencies.
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=true'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(
      "homeostat: the dependencies could not be installed; npm's message above says why. Then run the command again.",
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
