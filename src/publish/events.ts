import {
  Anomaly_Severity,
  Breach_Kind,
  Event,
  Host_State,
  type Host as HostMessage,
  ProcessChange_Kind,
} from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { ProcessEvent } from '../../proto/generated/messaging/messaging.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Metric } from '../model/metric.ts';
import type { Process } from '../model/process.ts';
import { EXECUTABLE_STATE } from '../model/process-event.ts';
import { EVENT_CLASSES, type EventClass } from '../model/publish.ts';
import type { ProcessChange } from './process-changes.ts';
import type { QueuedEvent } from './queue.ts';

/** Who sends. */
export interface SendingHost {
  /** The name in its certificate: every key begins with it. */
  readonly name: string;
  readonly hostName: string;
  /** OpenTelemetry's `os.type` and `os.version`. */
  readonly osType: string;
  readonly osVersion: string;
  readonly bootId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly agentVersion: string;
}

/** Makes an event of its number, which is part of its key. */
export type MakeEvent = (id: number) => QueuedEvent;

/** An event of metrics takes about so many bytes at most: the hub takes none of more than 128 KiB. */
const METRICS_BYTES = 64 * 1024;
/** Of a value beside its name: the number, tags, lengths. */
const VALUE_BYTES = 16;

const KINDS = {
  start: ProcessChange_Kind.KIND_START,
  end: ProcessChange_Kind.KIND_END,
  change: ProcessChange_Kind.KIND_CHANGE,
  snapshot: ProcessChange_Kind.KIND_SNAPSHOT,
};

const SEVERITIES = {
  LOW: Anomaly_Severity.SEVERITY_LOW,
  MEDIUM: Anomaly_Severity.SEVERITY_MEDIUM,
  HIGH: Anomaly_Severity.SEVERITY_HIGH,
};

const BREACHES = { threshold: Breach_Kind.KIND_THRESHOLD, forecast: Breach_Kind.KIND_FORECAST };

const STATES = { up: Host_State.STATE_UP, stopping: Host_State.STATE_STOPPING };

/**
 * What an agent found as events of the wire. Keys are `NAME/BOOT-PID-START/KIND/QUEUE/NUMBER` of a process and `NAME/BOOT/KIND/QUEUE/NUMBER`
 * of everything else: QUEUE is the queue's id and NUMBER never comes twice in it, so what is sent again has the same key and nothing else has,
 * also where the queue's file was lost and the numbers began anew.
 */
export class Events {
  readonly #sender: SendingHost;
  readonly #queueId: string;

  constructor(sender: SendingHost, queueId: string) {
    this.#sender = sender;
    this.#queueId = queueId;
  }

  process({ kind, process }: ProcessChange, at: number): MakeEvent {
    const { osType, memoryBytes } = this.#sender;
    const message = { kind: KINDS[kind], process: wireProcess(process, osType, memoryBytes) };
    const about = kind === 'snapshot' ? 'snapshots' : 'processes';
    return this.#event(about, process.id, kind, at, { process: message });
  }

  /** One event, or several where there are very many values. */
  metrics(metrics: readonly Metric[], at: number): readonly MakeEvent[] {
    const events: MakeEvent[] = [];
    let values: { series: string; value: number }[] = [];
    let bytes = 0;
    for (const { series, value } of metrics) {
      bytes += Buffer.byteLength(series.key) + VALUE_BYTES;
      if (bytes > METRICS_BYTES && values.length > 0) {
        events.push(this.#ofHost('metrics', 'metrics', at, { metrics: { values } }));
        values = [];
        bytes = Buffer.byteLength(series.key) + VALUE_BYTES;
      }
      values.push({ series: series.key, value });
    }
    if (values.length > 0) events.push(this.#ofHost('metrics', 'metrics', at, { metrics: { values } }));
    return events;
  }

  anomaly(anomaly: Anomaly, at: number): MakeEvent {
    const message = {
      id: anomaly.id,
      severity: SEVERITIES[anomaly.severity],
      sentence: anomaly.sentence,
      openedTsNs: nanoseconds(anomaly.since),
      closedTsNs: nanoseconds(anomaly.closedAt ?? 0),
      json: JSON.stringify(anomaly),
    };
    return this.#ofHost('findings', 'anomaly', at, { anomaly: message });
  }

  breach(breach: Breach, at: number): MakeEvent {
    const message = {
      id: breach.id,
      kind: BREACHES[breach.kind],
      severity: SEVERITIES[breach.severity],
      sentence: breach.sentence,
      openedTsNs: nanoseconds(breach.since),
      closedTsNs: nanoseconds(breach.closedAt ?? 0),
      json: JSON.stringify(breach),
    };
    return this.#ofHost('findings', 'breach', at, { breach: message });
  }

  /** Blind spots and failing collectors are told beside what was lost. */
  coverage({ healthy, collectors, losses, storeProblem }: Coverage, at: number): MakeEvent {
    const blind = collectors.flatMap(({ collector, blind, outcome, error, failures }) => [
      ...blind.map(({ what, why }) => ({ what: `${collector}: ${what}`, why, count: 0n })),
      ...(outcome === 'ok' ? [] : [{ what: collector, why: error ?? outcome, count: BigInt(failures) }]),
    ]);
    const lost = losses.map(({ what, why, count }) => ({ what, why, count: BigInt(count) }));
    const stored = storeProblem === undefined ? [] : [{ what: 'history', why: storeProblem, count: 0n }];
    const message = { healthy, losses: [...blind, ...stored, ...lost] };
    return this.#ofHost('coverage', 'coverage', at, { coverage: message });
  }

  host(state: keyof typeof STATES, at: number): MakeEvent {
    const { hostName, osType, osVersion, bootId, cpus, memoryBytes, agentVersion } = this.#sender;
    const message: HostMessage = {
      ...{ state: STATES[state], name: hostName, osType, osVersion, bootId, cpus, agentVersion },
      memoryBytes: BigInt(memoryBytes),
    };
    return this.#ofHost('findings', state, at, { host: message });
  }

  #ofHost(about: EventClass, kind: string, at: number, payload: Partial<Event>): MakeEvent {
    return this.#event(about, this.#sender.bootId.slice(0, 8), kind, at, payload);
  }

  #event(about: EventClass, whom: string, kind: string, at: number, payload: Partial<Event>): MakeEvent {
    const timestampNs = nanoseconds(at);
    const rank = EVENT_CLASSES.indexOf(about);
    return (id) => {
      const key = `${this.#sender.name}/${whom}/${kind}/${this.#queueId}/${id}`;
      const event = Event.fromPartial({ tsNs: timestampNs, idempotencyKey: key, ...payload });
      return { key, timestampNs, bytes: Event.encode(event).finish(), rank };
    };
  }
}

/**
 * proto3 has no word for a number that could not be read: it is 0, as everything that is not there. So is a time before 1970, which a
 * clock that was never set gives to a process.
 */
const whole = (value: number): bigint =>
  value > 0 && Number.isFinite(value) ? BigInt(Math.round(value)) : 0n;

const nanoseconds = (ms: number): bigint => whole(ms * 1000) * 1000n;

/** Text is redacted by the collector already, before it is kept anywhere. */
function wireProcess(process: Process, osType: string, memoryBytes: number): ProcessEvent {
  const { pid, ppid, executable, args, invokedAs, uid, gid, cgroup, containerId } = process;
  return {
    ...{ pid: BigInt(pid), ppid: BigInt(ppid), exe: executable ?? '' },
    // A title that a process gave itself is all there is of its command line.
    args: args.length === 0 && invokedAs !== undefined && invokedAs !== executable ? [invokedAs] : [...args],
    startTsNs: nanoseconds(process.startedAt),
    ...{ uid: uid ?? 0, gid: gid ?? 0, cgroup: cgroup ?? '', containerId: containerId ?? '', osType },
    osMetadata: metadata(process),
    cpuPercent: (process.cpu ?? 0) * 100,
    memoryPercent: (process.rss / memoryBytes) * 100,
    ...{ rssBytes: whole(process.rss), vmsBytes: whole(process.virtual) },
    ...{ numThreads: Number(whole(process.threads)), status: process.state },
  };
}

/** Why there is no executable, or none any more; and what the kernel calls what has none. */
function metadata(process: Process): Record<string, string> {
  const { executable, executableDeleted, executableDenied, name, virtual, state } = process;
  if (executable !== undefined) return executableDeleted ? { [EXECUTABLE_STATE]: 'deleted' } : {};
  const named = { 'process.name': name };
  if (executableDenied) return { ...named, [EXECUTABLE_STATE]: 'permission' };
  // Without memory of its own: a thread of the kernel, or one that has ended and was not fetched yet.
  const ended = state === 'Z' || state === 'X';
  return virtual === 0 && !ended ? { ...named, [EXECUTABLE_STATE]: 'kernel_thread' } : named;
}
