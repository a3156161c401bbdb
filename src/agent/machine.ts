import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Host } from '../collect/host.ts';

const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * A name for this machine that survives restarts and is the same for every program's user: a hash of the machine's id, which must
 * not be shown as it is (machine-id(5)), or of its host name where it has none.
 */
export function hostId(host: Host): string {
  const id = MACHINE_ID_FILES.map((path) => readText(host, path)).find(
    (text) => text !== undefined && text !== '',
  );
  return createHash('sha256')
    .update(`homeostat:${id ?? hostname()}`)
    .digest('hex')
    .slice(0, 16);
}

/** The id of this boot of the machine. Throws where it cannot be read. */
export function bootId(host: Host): string {
  const id = readText(host, '/proc/sys/kernel/random/boot_id');
  if (id === undefined || id === '') throw new Error('/proc/sys/kernel/random/boot_id cannot be read');
  return id;
}

/** What a process waits for in the kernel (`pipe_write`); undefined where that may not be seen or it waits for nothing. */
export function waitChannel(host: Host, pid: number): string | undefined {
  const channel = readText(host, `/proc/${pid}/wchan`);
  return channel === undefined || channel === '' || channel === '0' ? undefined : channel;
}

function readText(host: Host, path: string): string | undefined {
  const bytes = host.read(path);
  return bytes < 0 ? undefined : host.buffer.toString('utf8', 0, bytes).trim();
}
