#!/usr/bin/env node
// The `homeostat` command. From a clone it builds what changed first; the published package carries dist/ already.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { become, root } from './node24.mjs';

// A daemon of tens of megabytes: a small young generation, no speculative code, few helper threads.
const DAEMON = [
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--max-old-space-size=96',
  '--v8-pool-size=1',
];
const FLAGS = {
  up: DAEMON,
  agent: DAEMON,
  // It serves many: its code may grow fast and large, its heap only so far as what is in flight needs.
  hub: ['--max-semi-space-size=8', '--max-old-space-size=256', '--v8-pool-size=1'],
  // They walk millions of rows of which each is garbage at once.
  validate: ['--max-semi-space-size=4', '--max-old-space-size=128'],
  export: ['--max-semi-space-size=4', '--max-old-space-size=128'],
};
const command = process.argv[2] ?? '';

if (existsSync(join(root, 'src'))) {
  const { build } = await import('./build.mjs');
  const serves =
    command === 'up' || command === 'agent' || (command === 'hub' && !/^[a-z]/.test(process.argv[3] ?? ''));
  await build(serves ? ['program', 'web'] : ['program']);
}
become([
  '--disable-warning=ExperimentalWarning',
  ...(Object.hasOwn(FLAGS, command) ? FLAGS[command] : []),
  join(root, 'dist', 'homeostat.js'),
  ...process.argv.slice(2),
]);
