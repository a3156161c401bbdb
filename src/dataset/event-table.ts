import type { Cell, Column } from '../lib/table.ts';
import type { Payload, ProcessEvent } from '../model/process-event.ts';
import { classOf, platformOf } from './paths.ts';

/** Documented column by column in docs/export.md. Names are OpenTelemetry's where it has one. */
export const EVENT_COLUMNS: readonly Column[] = [
  { name: 'homeostat.event.id', type: 'integer' },
  { name: 'time', type: 'time' },
  { name: 'time_unix_nano', type: 'integer' },
  { name: 'observed_time', type: 'time' },
  { name: 'host.name', type: 'text' },
  { name: 'event.name', type: 'text' },
  { name: 'idempotency_key', type: 'text' },
  { name: 'envelope.size', type: 'integer' },
  { name: 'os.type', type: 'text' },
  { name: 'process.pid', type: 'integer' },
  { name: 'process.parent_pid', type: 'integer' },
  { name: 'process.creation.time', type: 'time' },
  { name: 'process.executable.path', type: 'text' },
  { name: 'process.class', type: 'text' },
  { name: 'process.args_count', type: 'integer' },
  { name: 'process.command_args', type: 'json' },
  { name: 'process.user.id', type: 'integer' },
  { name: 'process.group.id', type: 'integer' },
  { name: 'process.linux.cgroup', type: 'text' },
  { name: 'container.id', type: 'text' },
  { name: 'process.state', type: 'text' },
  { name: 'process.cpu.utilization', type: 'number' },
  { name: 'process.memory.utilization', type: 'number' },
  { name: 'process.memory.usage', type: 'integer' },
  { name: 'process.memory.virtual', type: 'integer' },
  { name: 'process.thread.count', type: 'integer' },
];

/** One event of the log. */
export interface LoggedEvent {
  readonly id: number;
  readonly host: string;
  readonly key: string;
  readonly timestampNs: bigint;
  readonly receivedAt: number;
  readonly bytes: number;
  readonly payload: Payload;
}

/** Beyond this there are no dates in JavaScript, ms since the epoch. */
const LATEST_DATE = 8.64e15;

/** ns since the epoch as a moment that can be written; undefined where the sender gave none or it is none. */
export function momentOf(ns: bigint): number | undefined {
  const at = Number(ns / 1_000_000n);
  return ns === 0n || at > LATEST_DATE ? undefined : at;
}

/** A row of EVENT_COLUMNS. It depends on nothing but the event: broken off and gone on with gives the same rows. */
export function eventRow({
  id,
  host,
  key,
  timestampNs,
  receivedAt,
  bytes,
  payload,
}: LoggedEvent): readonly Cell[] {
  const time = momentOf(timestampNs);
  const nano = timestampNs === 0n ? undefined : timestampNs;
  const head: readonly Cell[] = [id, time, nano, receivedAt, host, payload.kind, key, bytes];
  return payload.kind === 'process' ? [...head, ...processCells(payload.process)] : head;
}

function processCells(process: ProcessEvent): readonly Cell[] {
  const { pid, ppid, startedNs, executable, args, uid, gid, cgroup, containerId, osType, status } = process;
  const { cpuPercent, memoryPercent, rssBytes, vmsBytes, numThreads } = process;
  const processClass = classOf(executable, platformOf(executable, osType));
  // proto3 cannot tell "not given" from 0, but a process has a thread: without one, no resource was given.
  const resources =
    numThreads === 0 ? [] : [cpuPercent / 100, memoryPercent / 100, rssBytes, vmsBytes, numThreads];
  return [
    ...[given(osType), pid, ppid, momentOf(startedNs), given(executable), processClass],
    ...[args.length, JSON.stringify(args), uid, gid, given(cgroup), given(containerId), given(status)],
    ...resources,
  ];
}

const given = (text: string): string | undefined => (text === '' ? undefined : text);
