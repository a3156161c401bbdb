import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PLACES } from './spec.ts';
import type { Step } from './steps.ts';

/** A program that a service can start, and what must be copied for that. */
export interface ServiceProgram {
  /** The runtime and what it runs. */
  readonly program: readonly string[];
  readonly steps: readonly Step[];
  /** Why it is copied, for people; undefined where it is used where it is. */
  readonly why: string | undefined;
}

export interface ProgramPlace {
  /** The runtime that runs now. */
  readonly node: string;
  /** The folder of the package. */
  readonly root: string;
  /** Where a copy would go. */
  readonly copyTo: string;
}

/**
 * The program where it is, if a service of another user can reach it there and only root can change it; else as a copy. What lies in
 * somebody's home (nvm, a clone) is closed to others or changes under a running service, and a clone would be built anew at each start.
 */
export function serviceProgram({ node, root, copyTo }: ProgramPlace): ServiceProgram {
  const why = existsSync(join(root, 'src'))
    ? `${root} is a clone`
    : ([node, join(root, 'bin', 'homeostat.mjs')].map(unreachable).find((reason) => reason !== undefined) ??
      undefined);
  if (why === undefined) return { program: [node, join(root, 'bin', 'homeostat.mjs')], steps: [], why };
  const runtime = join(copyTo, node.endsWith('.exe') ? 'node.exe' : 'node');
  const copies = [
    ...['bin', 'dist', 'docs', 'package.json'].map((name) => [join(root, name), join(copyTo, name)] as const),
    ...nativePackages(root).map(
      ([name, from]) => [from, join(copyTo, 'node_modules', ...name.split('/'))] as const,
    ),
    [node, runtime] as const,
  ];
  return {
    program: [runtime, join(copyTo, 'bin', 'homeostat.mjs')],
    steps: [
      { kind: 'remove', path: copyTo },
      { kind: 'directory', path: copyTo, mode: 0o755 },
      ...copies.map(([from, to]): Step => ({ kind: 'copy', from, to })),
      ...(process.platform === 'win32' ? [] : [LAUNCHER]),
    ],
    why,
  };
}

const COMMAND = '/usr/local/bin/homeostat';

/** The command for everybody; who may read the service's data means them. */
const LAUNCHER = {
  ...{ kind: 'write', path: COMMAND, mode: 0o755, keep: true },
  text: `#!/bin/sh
# Written by 'homeostat service install'.
if [ -z "$HOMEOSTAT_DATA" ] && [ -r ${PLACES.linux.data} ]; then export HOMEOSTAT_DATA=${PLACES.linux.data}; fi
exec ${PLACES.linux.program}/node ${PLACES.linux.program}/bin/homeostat.mjs "$@"
`,
} as const satisfies Step;

/** What takes a copy of the program away again. */
export const removeProgram = (copy: string): Step[] => [
  { kind: 'remove', path: copy },
  { kind: 'remove', path: COMMAND, written: LAUNCHER.text },
];

/** Everything else is in the bundle. */
function nativePackages(root: string): [string, string][] {
  const koffi = packageFolder(createRequire(join(root, 'package.json')).resolve('koffi'));
  const scope = join(dirname(koffi), '@koromix');
  return [
    ['koffi', koffi] as [string, string],
    ...(existsSync(scope) ? [['@koromix', scope] as [string, string]] : []),
  ];
}

function packageFolder(file: string): string {
  let folder = dirname(file);
  while (!folder.endsWith('koffi') || !existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Each program sees its own one, or none of another user's. */
const PRIVATE = /^(?:\/home|\/root|\/tmp|\/var\/tmp|\/run\/user|\/Users)\/|^[A-Za-z]:\\Users\\/;

/** Why a service should not use a file where it is; undefined where it may. */
function unreachable(file: string): string | undefined {
  if (PRIVATE.test(file)) return `${file} is in a place of a user's own`;
  // Windows keeps rights where these modes do not show them.
  if (process.platform === 'win32') return undefined;
  for (let path = file; ; path = dirname(path)) {
    const { mode, uid } = statSync(path);
    const readable = path === file ? 0o004 : 0o001;
    if ((mode & readable) === 0) return `${path} is closed to other users`;
    if (uid !== 0 || (mode & 0o022) !== 0) return `${path} can be changed by others than root`;
    if (path === dirname(path)) return undefined;
  }
}
