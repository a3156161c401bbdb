import type { Host } from '../host.ts';

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'];
/** Column of /proc/net/tcp and its like that holds the socket's inode. */
const INODE_COLUMN = 9;

/**
 * The processes that own a network socket. It reads the name of every open file on the machine: for the moment at
 * which an anomaly is explained, not for each second. Processes whose files may not be read are not in it.
 */
export function socketOwners(host: Host): ReadonlySet<number> {
  const sockets = networkSockets(host);
  const owners = new Set<number>();
  const processes = host.list('/proc');
  if (typeof processes === 'number' || sockets.size === 0) return owners;
  for (const name of processes) {
    const pid = Number(name);
    if (Number.isInteger(pid) && ownsOne(host, pid, sockets)) owners.add(pid);
  }
  return owners;
}

function ownsOne(host: Host, pid: number, sockets: ReadonlySet<string>): boolean {
  const files = host.list(`/proc/${pid}/fd`);
  if (typeof files === 'number') return false;
  return files.some((file) => {
    const target = host.link(`/proc/${pid}/fd/${file}`);
    return typeof target === 'string' && target.startsWith('socket:[') && sockets.has(target.slice(8, -1));
  });
}

function networkSockets(host: Host): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const table of TABLES) {
    const bytes = host.read(`/proc/net/${table}`);
    if (bytes <= 0) continue;
    for (const line of host.buffer.toString('latin1', 0, bytes).split('\n').slice(1)) {
      const inode = line.trim().split(/\s+/)[INODE_COLUMN];
      if (inode !== undefined && inode !== '0') inodes.add(inode);
    }
  }
  return inodes;
}
