import type { Process, ProcessState } from '../../model/process.ts';

/** OpenTelemetry's `process.state`, and `blocked` for uninterruptible sleep, which it does not tell apart. */
type CountedState = 'running' | 'sleeping' | 'blocked' | 'stopped' | 'defunct';

export interface StateCounts {
  readonly processes: number;
  readonly threads: number;
  /** By the state of each main thread; `?` is in none of them. */
  readonly byState: Readonly<Record<CountedState, number>>;
}

const COUNTED: Readonly<Record<ProcessState, CountedState | undefined>> = {
  R: 'running',
  S: 'sleeping',
  I: 'sleeping',
  D: 'blocked',
  T: 'stopped',
  t: 'stopped',
  Z: 'defunct',
  X: 'defunct',
  '?': undefined,
};

/** Counts the processes of a full scan: `system.process.count` by state, `system.linux.thread.count`. */
export function countStates(processes: readonly Process[]): StateCounts {
  const byState = { running: 0, sleeping: 0, blocked: 0, stopped: 0, defunct: 0 };
  let threads = 0;
  for (const process of processes) {
    threads += process.threads;
    const counted = COUNTED[process.state];
    if (counted) byState[counted]++;
  }
  return { processes: processes.length, threads, byState };
}
