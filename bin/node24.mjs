// Runs on any Node from 20 on: finds the Node that Homeostat wants and starts things with it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const WANTED = [24, 12];

/** @returns {string} the path of a Node that is new enough; ends the process with one clear line where there is none. */
export function wantedNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return process.execPath;
  const bundled = join(
    root,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(bundled)) return bundled;
  console.error(
    `homeostat: Node ${process.versions.node} is too old: Node ${WANTED.join('.')} or newer is needed. Install it, or run 'npm ci' in ${root}, which brings it.`,
  );
  process.exit(1);
}

/**
 * Becomes the program: replaces this process where the running Node can do that, else runs it as a child and ends as it ends.
 * @param {string[]} args arguments for Node, flags first
 * @param {NodeJS.ProcessEnv} [env]
 */
export function become(args, env = process.env) {
  const node = wantedNode();
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, ...args], { ...env });
  }
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
