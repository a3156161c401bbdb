import type { Host } from '../host.ts';

const MEGABIT = 1e6 / 8;

/**
 * Bytes a second that an interface's link carries (/sys/class/net/NAME/speed, in Mbit/s; Documentation/ABI/testing/sysfs-class-net); undefined
 * where it has none or does not say, as virtual ones. Read on demand only.
 */
export function linkSpeed(host: Host, name: string): number | undefined {
  if (name.includes('/') || name.startsWith('.')) return undefined;
  const length = host.read(`/sys/class/net/${name}/speed`);
  const speed = length > 0 ? Number(host.buffer.toString('latin1', 0, length)) : Number.NaN;
  return speed > 0 ? speed * MEGABIT : undefined;
}
