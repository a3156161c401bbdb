import { EXECUTABLE_STATE, type ProcessEvent } from '../model/process-event.ts';
import { isWellFormed, type Platform } from './paths.ts';

/**
 * What is known of an executable's path. Valid: `exists`; explained by what the process is (`kernel_thread` has none, `deleted` while
 * it ran, `permission` to read it was missing, `container` has files of its own); `elsewhere`: well formed, on a host whose files
 * cannot be looked at from here. Not valid: `missing` on this machine, `malformed`, `empty` without an explanation.
 */
export const EXECUTABLE_STATES = [
  'exists',
  'kernel_thread',
  'deleted',
  'permission',
  'container',
  'elsewhere',
  'missing',
  'malformed',
  'empty',
] as const;
export type ExecutableState = (typeof EXECUTABLE_STATES)[number];

export const isValid = (state: ExecutableState): boolean =>
  state !== 'missing' && state !== 'malformed' && state !== 'empty';

/** Whether a file is there; undefined where it cannot be known from here. */
export type FileLookup = (host: string, path: string) => boolean | undefined;

const DELETED = / \(deleted\)$/;

export function executableState(
  event: ProcessEvent,
  platform: Platform,
  host: string,
  fileExists: FileLookup,
): ExecutableState {
  const { executable, osMetadata, containerId } = event;
  const told = osMetadata[EXECUTABLE_STATE];
  if (executable === '') {
    if (told === 'permission') return 'permission';
    return told === 'kernel_thread' || isKernelThread(event, platform) ? 'kernel_thread' : 'empty';
  }
  if (!isWellFormed(executable, platform)) return 'malformed';
  // The kernel writes it behind the path (proc_pid_exe(5)); not every client takes it off.
  if (told === 'deleted' || DELETED.test(executable)) return 'deleted';
  if (containerId !== '') return 'container';
  const exists = fileExists(host, executable);
  if (exists === undefined) return 'elsewhere';
  return exists ? 'exists' : 'missing';
}

/** On Linux the children of kthreadd, which is pid 2; elsewhere the kernel is pid 0, on Windows 4 too. */
export function isKernelThread({ pid, ppid }: ProcessEvent, platform: Platform): boolean {
  if (platform === 'linux') return pid === 2 || ppid === 2 || pid === 0;
  return pid === 0 || (platform === 'windows' && pid === 4);
}
