import { Event, Host_State, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { ProcessEvent as WireProcess } from '../../proto/generated/messaging/messaging.ts';
import { truncate } from '../lib/text.ts';
import type { AgentEvent, HostEvent, ProcessLifeEvent } from '../model/agent-event.ts';
import type { ListedProcess, ProcessState } from '../model/process.ts';
import { EVENT } from './envelope.ts';
import { parseAnomaly, parseBreach } from './told-anomaly.ts';

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

/** Nobody makes the hub keep endless text: longer ones are cut, characters. A collector reads 4096 bytes of a command line. */
const LINE = 4096;
const WORD = 256;
const MOST_LOSSES = 50;

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

/** Never throws. */
export function saysThatItStops(bytes: Uint8Array): boolean {
  const event = readAgentEvent(bytes);
  return event?.kind === 'host' && event.state === 'stopping';
}

function agentEvent(event: Event): AgentEvent | undefined {
  const { process, metrics, anomaly, breach, coverage, host } = event;
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
  if (breach) {
    const told = parseBreach(breach.json);
    return told && { kind: 'breach', at, breach: told };
  }
  if (coverage) {
    const losses = coverage.losses.slice(0, MOST_LOSSES).map(({ what, why, count }) => ({
      ...{ what: truncate(what, WORD), why: truncate(why, LINE), count: Number(count), lastAt: at },
    }));
    return { kind: 'coverage', at, healthy: coverage.healthy, losses };
  }
  const state = host && STATE[host.state];
  if (!state) return undefined;
  const { osType, osVersion, bootId, cpus, memoryBytes, agentVersion } = host;
  return {
    ...{ kind: 'host', at, state, cpus, memoryBytes: Number(memoryBytes) },
    ...{ osType: truncate(osType, WORD), osVersion: truncate(osVersion, WORD) },
    ...{ bootId: truncate(bootId, WORD), agentVersion: truncate(agentVersion, WORD) },
  };
}

const ms = (ns: bigint): number => Number(ns / 1_000_000n);
const STATES: ReadonlySet<string> = new Set(['R', 'S', 'D', 'Z', 'T', 't', 'I', 'X']);

/** An agent's key of a process event names the process in its second part: `NAME/BOOT-PID-START/KIND/QUEUE/NUMBER`; once without QUEUE. */
const IN_KEY = /^[^/]+\/(\w+-\d+-\d+)\/[a-z]+\/(?:[^/]+\/)?\d+$/;

function listed(wire: WireProcess, key: string): ListedProcess {
  const pid = Number(wire.pid);
  const { status, osMetadata } = wire;
  const exe = truncate(wire.exe, LINE);
  const args = upTo(LINE, wire.args);
  const cgroup = truncate(wire.cgroup, WORD);
  const containerId = truncate(wire.containerId, WORD);
  return {
    ...{ id: IN_KEY.exec(key)?.[1] ?? `${pid}-${wire.startTsNs}`, pid, ppid: Number(wire.ppid) },
    name: truncate(osMetadata['process.name'] ?? baseName(exe || args[0] || ''), WORD),
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

/** Those that have so many characters together; each counts one more, so that there is no end of empty ones. */
function upTo(most: number, args: readonly string[]): readonly string[] {
  const taken: string[] = [];
  let left = most;
  for (const arg of args) {
    if (left <= 0) break;
    taken.push(truncate(arg, left));
    left -= arg.length + 1;
  }
  return taken;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
