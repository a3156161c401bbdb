import type { Host } from '../host.ts';

/**
 * Resident memory of a process that no file on a disk backs (RssAnon and RssShmem of proc_pid_status(5), there in KiB): what it took
 * for itself, unlike a file that it mapped and read. Undefined where it may not be seen.
 */
export function anonymousBytes(host: Host, pid: number): number | undefined {
  const length = host.read(`/proc/${pid}/status`);
  if (length < 0) return undefined;
  const text = host.buffer.toString('latin1', 0, length);
  const anonymous = /^RssAnon:\s+(\d+) kB$/m.exec(text);
  if (!anonymous) return undefined;
  const shared = /^RssShmem:\s+(\d+) kB$/m.exec(text);
  return (Number(anonymous[1]) + Number(shared?.[1] ?? 0)) * 1024;
}
