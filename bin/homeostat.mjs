#!/usr/bin/env node
// The `homeostat` command. From a clone it builds what changed first; the published package carries dist/ already.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { become, root } from './node24.mjs';

// A daemon of tens of megabytes: a small young generation, no speculative code, few helper threads.
const DAEMON_FLAGS = [
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--max-old-space-size=96',
  '--v8-pool-size=1',
];
const DAEMON_COMMANDS = new Set(['up']);

if (existsSync(join(root, 'src'))) {
  const { build } = await import('./build.mjs');
  await build(DAEMON_COMMANDS.has(process.argv[2] ?? '') ? ['program', 'web'] : ['program']);
}
const flags = DAEMON_COMMANDS.has(process.argv[2] ?? '') ? DAEMON_FLAGS : [];
become([
  '--disable-warning=ExperimentalWarning',
  ...flags,
  join(root, 'dist', 'homeostat.js'),
  ...process.argv.slice(2),
]);
