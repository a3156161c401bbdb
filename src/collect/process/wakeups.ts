import type { Host } from '../host.ts';
import { readStatus, type Status } from './identity.ts';

/**
 * How often the threads of a process were switched in and out since their start, now; undefined where none may be seen.
 * A scan reads this of the main thread only, and seldom: this is for the few of which one wants to know whether they live.
 */
export function wakeups(host: Host, pid: number): number | undefined {
  const threads = host.list(`/proc/${pid}/task`);
  if (typeof threads === 'number') return undefined;
  const status: Status = { uid: undefined, gid: undefined, contextSwitches: undefined };
  let sum: number | undefined;
  for (const thread of threads) {
    if (readStatus(host, `/proc/${pid}/task/${thread}/status`, status) < 0) continue;
    if (status.contextSwitches !== undefined) sum = (sum ?? 0) + status.contextSwitches;
  }
  return sum;
}
