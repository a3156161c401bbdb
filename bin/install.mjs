// Installs the dependencies where they are missing or older than the lock file. Runs on any Node from 20 on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node24.mjs';

/** What the program is built from. */
export function installDependencies() {
  install(root, 'the dependencies (once, about 340 MB in node_modules)', []);
}

/**
 * What users may install themselves and the tests want to see. Its install scripts would fetch GPU libraries from elsewhere;
 * what runs on a CPU is in the package itself.
 */
export function installOnnxRuntime() {
  const folder = join(root, 'test', 'onnxruntime');
  install(folder, 'ONNX Runtime for the tests (once, about 290 MB)', ['--ignore-scripts']);
}

/** Runs `npm ci` with its progress visible unless the last one was for this very lock file. */
function install(folder, what, options) {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules', '.homeostat-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log(`Installing ${what} ...`);
  // The messages about an older Node are expected: the right one is among the dependencies.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=true', ...options];
  const result = spawnSync('npm', args, {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(
      `homeostat: ${what} cannot be installed; npm's message above says why. Then run the command again.`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
