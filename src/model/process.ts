/** One letter as the kernel gives it: R running, S sleeping, D uninterruptible, Z zombie, T stopped, t traced, I idle, X dead. */
export type ProcessState = 'R' | 'S' | 'D' | 'Z' | 'T' | 't' | 'I' | 'X' | '?';

/** What a process is. It changes only when the process executes another program or changes its identity. */
export interface ProcessIdentity {
  /** Boot id (first 8 characters) + pid + start time in clock ticks: `1f0c9e2a-4711-123456`. Never used twice. */
  readonly id: string;
  readonly pid: number;
  readonly ppid: number;
  /** The kernel's name of it (comm), at most 15 bytes on Linux. Hostile text. */
  readonly name: string;
  /** The resolved path of the executable; undefined for kernel threads and where it may not be read. */
  readonly executable: string | undefined;
  /** The file of the executable is gone or was replaced while it runs: an update, or something that hides. */
  readonly executableDeleted?: boolean;
  /** The kernel refused to tell the path: it is another user's process, or may do more than Homeostat. */
  readonly executableDenied?: true;
  /** How it was invoked: the first argument. */
  readonly invokedAs: string | undefined;
  /** Arguments after the first, secrets redacted. */
  readonly args: readonly string[];
  /** Wall clock, ms since the epoch. */
  readonly startedAt: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly cgroup: string | undefined;
  readonly containerId: string | undefined;
}

/** What a process does: read anew at each scan. Undefined is "could not be seen", never zero. */
export interface ProcessUsage {
  readonly state: ProcessState;
  readonly threads: number;
  /** Share of one CPU since the last time this process was read; 2 is two cores. Undefined at first sight. */
  readonly cpu: number | undefined;
  /** CPU time since its start, ms. */
  readonly cpuTime: number;
  /** CPU time of its children that ended and were waited for, ms. */
  readonly childCpuTime: number;
  /** Share of the machine's memory. */
  readonly memory: number;
  /** Bytes. */
  readonly rss: number;
  readonly virtual: number;
  /** Bytes that reached the storage layer, since its start. */
  readonly readBytes: number | undefined;
  readonly writeBytes: number | undefined;
  /** Bytes a second since the last time this process was read. */
  readonly readRate: number | undefined;
  readonly writeRate: number | undefined;
  /** read(2)- and write(2)-like calls since its start: a sign of life. */
  readonly ioCalls: number | undefined;
  readonly majorFaults: number;
  readonly minorFaults: number;
  readonly openFiles: number | undefined;
  /** Voluntary and involuntary, since its start; on Linux those of the main thread. */
  readonly contextSwitches: number | undefined;
}

export interface Process extends ProcessIdentity, ProcessUsage {}

/** A process as it is listed: whoever tells of it from afar tells less of it. */
export interface ListedProcess extends ProcessIdentity, Partial<ProcessUsage> {}

/** A look at all processes, or at those that were busy. */
export interface ProcessScan {
  readonly at: number;
  /** False: only processes that were busy at the last full scan were read again. */
  readonly full: boolean;
  readonly processes: readonly Process[];
  /** Ids that were there at the last full scan and are gone; empty when `full` is false. */
  readonly gone: readonly string[];
  /** Processes that were there but could not be read, or not in whole, by reason (`EACCES`: 12). Vanished ones do not count. */
  readonly unreadable: Readonly<Record<string, number>>;
}
