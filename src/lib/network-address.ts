import { isIP } from 'node:net';

/** Groups of an IPv6 address, and those of them that name its network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Whom an address belongs to: an IPv4 address itself, also where it is written as an IPv6 one; of IPv6 the /64, as whoever has
 * one has all addresses in it.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(?=\d+\.)/i.exec(address);
  if (mapped) return address.slice(mapped[0].length);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, NETWORK_GROUPS).join(':');
}

const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));

/** Whether a host's name or address, as somebody writes it, never leaves the machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
