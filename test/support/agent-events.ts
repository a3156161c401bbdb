import {
  Event,
  Host_State,
  ProcessChange_Kind,
  PublishRequest,
} from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';

type Payload = Parameters<typeof Event.fromPartial>[0];

/** What an agent of this name says, as events of the wire; each has a key of its own. */
export class AgentSays {
  readonly #name: string;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** `at`: ms since the epoch by its clock; `about` is part of the key. */
  event(at: number, payload: Payload, about = '1f0c9e2a/event'): Event {
    const idempotencyKey = `${this.#name}/${about}/${++this.#count}`;
    return Event.fromPartial({ tsNs: BigInt(Math.round(at)) * 1_000_000n, idempotencyKey, ...payload });
  }

  metrics(at: number, values: Readonly<Record<string, number>>): Event {
    const listed = Object.entries(values).map(([series, value]) => ({ series, value }));
    return this.event(at, { metrics: { values: listed } });
  }

  host(at: number, state: 'up' | 'stopping', bootId = '1f0c9e2a-0000'): Event {
    const known = { osType: 'linux', osVersion: '6.12', cpus: 4, memoryBytes: 8_589_934_592n };
    const said = state === 'up' ? Host_State.STATE_UP : Host_State.STATE_STOPPING;
    return this.event(at, {
      host: { state: said, name: this.#name, bootId, agentVersion: '0.1.0', ...known },
    });
  }

  process(
    at: number,
    kind: 'start' | 'end' | 'change' | 'snapshot',
    pid: number,
    exe = '/usr/bin/worker',
  ): Event {
    const kinds = {
      start: ProcessChange_Kind.KIND_START,
      end: ProcessChange_Kind.KIND_END,
      change: ProcessChange_Kind.KIND_CHANGE,
      snapshot: ProcessChange_Kind.KIND_SNAPSHOT,
    };
    const process = {
      ...{ pid: BigInt(pid), ppid: 1n, exe, args: ['--serve'], startTsNs: 1_757_184_000_000_000_000n },
      ...{ uid: 1000, cpuPercent: 25, rssBytes: 20_000_000n, numThreads: 3, status: 'S' },
    };
    return this.event(at, { process: { kind: kinds[kind], process } }, `1f0c9e2a-${pid}-4711/${kind}`);
  }

  anomaly(at: number, anomaly: Anomaly): Event {
    return this.event(at, { anomaly: { id: anomaly.id, json: JSON.stringify(anomaly) } });
  }

  coverage(at: number, healthy: boolean): Event {
    return this.event(at, {
      coverage: { healthy, losses: [{ what: 'ticks missed', why: 'late', count: 3n }] },
    });
  }
}

/** The bytes of a batch. */
export function batchOfEvents(sequence: number, events: readonly Event[]): Buffer {
  return Buffer.from(
    PublishRequest.encode(
      PublishRequest.fromPartial({ sequence: BigInt(sequence), events: [...events] }),
    ).finish(),
  );
}
