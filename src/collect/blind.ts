import type { BlindSpot } from '../model/coverage.ts';
import { DENIED, type Host, UNREADABLE } from './host.ts';

/**
 * Reads a file that this platform may lack: its length, or 0 where there is nothing to parse. A file that is there and
 * may not be read, or fails, is a blind spot; one that is missing is only where `required` says that every kernel has it.
 */
export function readOrBlind(host: Host, path: string, blind: BlindSpot[], required = false): number {
  const length = host.read(path);
  if (length >= 0) {
    if (length === 0 && required) blind.push({ what: path, why: 'it is empty' });
    return length;
  }
  if (length === DENIED) blind.push(denied(path));
  else if (length === UNREADABLE) blind.push({ what: path, why: 'reading it fails' });
  else if (required) {
    blind.push({
      what: path,
      why: 'it does not exist',
      remedy: 'mount /proc, or run Homeostat outside the container',
    });
  }
  return 0;
}

export function denied(path: string): BlindSpot {
  return { what: path, why: 'permission denied', remedy: 'run Homeostat as root' };
}
