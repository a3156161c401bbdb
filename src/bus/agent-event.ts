import { Event, Host_State, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { ProcessEvent as WireProcess } from '../../proto/generated/messaging/messaging.ts';
import type { AgentEvent, HostEvent, ProcessLifeEvent } from '../model/agent-event.ts';
import type { ListedProcess, ProcessState } from '../model/process.ts';
import { EVENT } from './envelope.ts';
import { parseAnomaly } from './told-anomaly.ts';

const LIFE: Readonly<Record<number, ProcessLifeEvent['life']>> = {
  [ProcessChange_Kind.KIND_START]: 'start',
  [ProcessChange_Kind.KIND_END]: 'end',
  [ProcessChange_Kind.KIND_CHANGE]: 'change',
  [ProcessChange_Kind.KIND_SNAPSHOT]: 'snapshot',
};

const STATE: Readonly<Record<number, HostEvent['state']>> = {
  [Host_State.STATE_UP]: 'up',
  [Host_State.STATE_STOPPING]: 'stopping',
};

/** The name of an agent's message, as the log calls its kind. */
export const AGENT_EVENT = EVENT.name;

/** What an agent said, from the bytes that are kept; undefined where they say nothing that is known here. Never throws. */
export function readAgentEvent(bytes: Uint8Array): AgentEvent | undefined {
  try {
    return agentEvent(Event.decode(bytes));
  } catch {
    return undefined;
  }
}

function agentEvent(event: Event): AgentEvent | undefined {
  const { process, metrics, anomaly, coverage, host } = event;
  const at = ms(event.tsNs);
  if (metrics) {
    return { kind: 'metrics', at, values: metrics.values.map(({ series, value }) => [series, value]) };
  }
  if (process) {
    const life = LIFE[process.kind];
    if (!process.process || !life) return undefined;
    return { kind: 'process', at, life, process: listed(process.process, event.idempotencyKey) };
  }
  if (anomaly) {
    const told = parseAnomaly(anomaly.json);
    return told && { kind: 'anomaly', at, anomaly: told };
  }
  if (coverage) {
    const losses = coverage.losses.map(({ what, why, count }) => ({
      ...{ what, why, count: Number(count), lastAt: at },
    }));
    return { kind: 'coverage', at, healthy: coverage.healthy, losses };
  }
  const state = host && STATE[host.state];
  if (!state) return undefined;
  const { osType, osVersion, bootId, cpus, memoryBytes, agentVersion } = host;
  return {
    ...{
      kind: 'host',
      at,
      state,
      osType,
      osVersion,
      bootId,
      cpus,
      memoryBytes: Number(memoryBytes),
      agentVersion,
    },
  };
}

const ms = (ns: bigint): number => Number(ns / 1_000_000n);
const STATES: ReadonlySet<string> = new Set(['R', 'S', 'D', 'Z', 'T', 't', 'I', 'X']);

/** An agent's key of a process event names the process in its second part: `NAME/BOOT-PID-START/KIND/NUMBER`. */
const IN_KEY = /^[^/]+\/(\w+-\d+-\d+)\/[a-z]+\/\d+$/;

function listed(wire: WireProcess, key: string): ListedProcess {
  const pid = Number(wire.pid);
  const { exe, args, cgroup, containerId, status, osMetadata } = wire;
  return {
    ...{ id: IN_KEY.exec(key)?.[1] ?? `${pid}-${wire.startTsNs}`, pid, ppid: Number(wire.ppid) },
    name: osMetadata['process.name'] ?? baseName(exe || args[0] || ''),
    ...{ executable: exe || undefined, invokedAs: undefined, args, startedAt: ms(wire.startTsNs) },
    ...{ uid: wire.uid, gid: wire.gid, cgroup: cgroup || undefined, containerId: containerId || undefined },
    ...given('cpu', wire.cpuPercent / 100),
    ...given('memory', wire.memoryPercent / 100),
    ...given('rss', Number(wire.rssBytes)),
    ...given('virtual', Number(wire.vmsBytes)),
    ...given('threads', wire.numThreads),
    ...(STATES.has(status) && { state: status as ProcessState }),
  };
}

/** The wire has no word for what is not known but 0. */
const given = <Name extends string>(name: Name, value: number): Partial<Record<Name, number>> =>
  value === 0 ? {} : ({ [name]: value } as Record<Name, number>);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
