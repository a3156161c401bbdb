import type { Host } from '../host.ts';

/**
 * How many files a process may have open (`Max open files` of /proc/PID/limits, proc_pid_limits(5)): soft and hard. Undefined where it may
 * not be seen, or where there is no limit. Read on demand only.
 */
export function fileLimit(
  host: Host,
  pid: number,
): { readonly soft: number; readonly hard: number } | undefined {
  const length = host.read(`/proc/${pid}/limits`);
  if (length <= 0) return undefined;
  const found = /^Max open files\s+(\d+)\s+(\d+)/m.exec(host.buffer.toString('latin1', 0, length));
  return found ? { soft: Number(found[1]), hard: Number(found[2]) } : undefined;
}
