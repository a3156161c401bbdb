import type { Host } from '../host.ts';

/** A mounted file system that can fill up. */
export interface Mount {
  /** Where it is mounted, for `Host.space`. */
  readonly path: string;
  /** `major:minor` of its device: two mounts of one file system have the same. */
  readonly device: string;
  readonly type: string;
  /** It depends on a network or on another process, and so it may hang. */
  readonly remote: boolean;
  /** The file system itself, not this mount of it: to a hardened service every mount is read-only. */
  readonly readOnly: boolean;
  /** Its root is mounted there, not a folder of it (a bind mount, a subvolume). */
  readonly whole: boolean;
}

const REMOTE =
  /^(?:nfs4?|cifs|smb3?|smbfs|ceph|9p|afs|ncpfs|lustre|gfs2|ocfs2|glusterfs|beegfs|fuse\..+|fuseblk|fuse|virtiofs)$/;
/** FUSE for views of a desktop or of a container's /proc: nothing that fills. */
const FUSE_VIEWS = /^fuse\.(?:gvfsd-fuse|portal|lxcfs|xdg-.*|snapfuse|squashfuse|archivemount)$/;
/** On no device of /dev, and yet with a space of their own. */
const WITHOUT_DEVICE = /^(?:zfs|btrfs|bcachefs|vboxsf|prl_fs|ubifs|jffs2)$/;
/** Full by nature. */
const IMAGES = /^(?:squashfs|iso9660|udf|erofs|cramfs|romfs)$/;

/**
 * The mounts of /proc/self/mountinfo (Documentation/filesystems/proc.rst 3.5) that hold files, each file system once, at
 * its shortest path. Left out: views of the kernel (proc, sysfs, cgroup ...), images that are full by nature, layers of
 * containers (overlay, but for the root), and memory in the shape of files (tmpfs), but for /tmp, which programs need.
 */
export function realMounts(host: Host, length: number): readonly Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of host.buffer.toString('utf8', 0, length).split('\n')) {
    const mount = parseMount(line);
    if (!mount) continue;
    const known = byDevice.get(mount.device);
    if (!known || isBetterName(mount, known)) byDevice.set(mount.device, mount);
  }
  return [...byDevice.values()];
}

function isBetterName(mount: Mount, known: Mount): boolean {
  if (mount.whole !== known.whole) return mount.whole;
  return mount.path.length < known.path.length;
}

/** `36 35 98:0 /root /mnt rw,noatime shared:1 - ext3 /dev/sda1 rw,errors=continue`; the fields before the dash vary. */
function parseMount(line: string): Mount | undefined {
  const [before, after] = line.split(' - ', 2);
  if (before === undefined || after === undefined) return undefined;
  const [, , device, root, escapedPath] = before.split(' ');
  const [type, source, superOptions = ''] = after.split(' ');
  if (device === undefined || escapedPath === undefined || type === undefined || source === undefined)
    return undefined;
  const path = unescapeOctal(escapedPath);
  if (!holdsFiles(type, source, path)) return undefined;
  return {
    path,
    device,
    type,
    remote: REMOTE.test(type),
    readOnly: isReadOnly(superOptions),
    whole: root === '/',
  };
}

function holdsFiles(type: string, source: string, path: string): boolean {
  if (IMAGES.test(type) || FUSE_VIEWS.test(type) || type === 'devtmpfs') return false;
  if (type === 'overlay') return path === '/';
  if (type === 'tmpfs') return path === '/tmp';
  // `/etc/hosts` in a container is a mount of the host's disk: a file, not a place to write to.
  return REMOTE.test(type) || WITHOUT_DEVICE.test(type) || source.startsWith('/dev/');
}

const isReadOnly = (options: string): boolean => options === 'ro' || options.startsWith('ro,');

/** The kernel writes space, tab, newline and backslash in paths as `\040`. */
function unescapeOctal(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
