import type { ProcessEvent } from '../../src/model/process-event.ts';

/** A process of a Mac as a client of others sends it. */
export const processEvent = (changes: Partial<ProcessEvent> = {}): ProcessEvent => ({
  ...{ pid: 501, ppid: 1, executable: '/usr/libexec/mobileassetd', args: ['/usr/libexec/mobileassetd'] },
  ...{ startedNs: 1_757_184_000_000_000_000n, uid: 501, gid: 20, cgroup: '', containerId: '' },
  ...{ osType: '', osMetadata: {}, cpuPercent: 0, memoryPercent: 0, rssBytes: 0, vmsBytes: 0 },
  ...{ numThreads: 0, status: '' },
  ...changes,
});
