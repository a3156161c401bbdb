/** A sight of a process as it came over the bus. Hostile text throughout. */
export interface ProcessEvent {
  readonly pid: number;
  readonly ppid: number;
  /** Path of the executable; empty where the sender gave none. */
  readonly executable: string;
  readonly args: readonly string[];
  /** ns since the epoch; 0 where the sender gave none. */
  readonly startedNs: bigint;
  /** proto3 has no word for "not given": 0 is root or nothing. */
  readonly uid: number;
  readonly gid: number;
  readonly cgroup: string;
  readonly containerId: string;
  /** OpenTelemetry's `os.type` (`linux`, `darwin`, `windows`); empty where the sender gave none. */
  readonly osType: string;
  readonly osMetadata: Readonly<Record<string, string>>;
  /** 100 is one core; per cent of the memory; bytes. 0 where the sender gave none. */
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  readonly rssBytes: number;
  readonly vmsBytes: number;
  readonly numThreads: number;
  readonly status: string;
}

/** What an envelope holds: the name of its payload, and the process where it is one. */
export type Payload =
  | { readonly kind: 'process'; readonly process: ProcessEvent }
  | { readonly kind: 'flow' | 'device_telemetry' | 'telemetry_batch' | 'payload' | 'none' | 'undecoded' }
  | { readonly kind: 'metrics' | 'anomaly' | 'coverage' | 'host' | 'breach' };

/** Where `osMetadata` says why an executable's path is missing or is no file any more: `kernel_thread`, `deleted`, `permission`. */
export const EXECUTABLE_STATE = 'process.executable.state';

/**
 * Where `osMetadata` says why an event was sent: `start`, `end`, `change`, `snapshot`. A sender that says so tells every end; of
 * others, which send all processes again and again, who is silent has ended.
 */
export const PROCESS_LIFE = 'process.event.name';
