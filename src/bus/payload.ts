import { Event, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import {
  Envelope,
  UniversalEnvelope,
  type ProcessEvent as WireProcess,
} from '../../proto/generated/messaging/messaging.ts';
import { type Payload, PROCESS_LIFE, type ProcessEvent } from '../model/process-event.ts';

/** What an envelope of the log holds. `kind` is the name of the message. Never throws: bytes that are no message are `undecoded`. */
export function readPayload(kind: string, bytes: Uint8Array): Payload {
  try {
    if (kind === 'messaging.Envelope') {
      const { flow, payload } = Envelope.decode(bytes);
      return { kind: flow ? 'flow' : payload.length > 0 ? 'payload' : 'none' };
    }
    if (kind === 'homeostat.v1.Event') return readEvent(bytes);
    if (kind !== 'messaging.UniversalEnvelope') return { kind: 'undecoded' };
    const { process, flow, deviceTelemetry, telemetryBatch } = UniversalEnvelope.decode(bytes);
    if (process) return { kind: 'process', process: processEvent(process) };
    if (flow) return { kind: 'flow' };
    if (deviceTelemetry) return { kind: 'device_telemetry' };
    return { kind: telemetryBatch ? 'telemetry_batch' : 'none' };
  } catch {
    return { kind: 'undecoded' };
  }
}

/** The names by which `PROCESS_LIFE` calls them. */
const LIFE: Readonly<Record<number, string>> = {
  [ProcessChange_Kind.KIND_START]: 'start',
  [ProcessChange_Kind.KIND_END]: 'end',
  [ProcessChange_Kind.KIND_CHANGE]: 'change',
  [ProcessChange_Kind.KIND_SNAPSHOT]: 'snapshot',
};

/** Of an agent's events only those of processes have a reader here; the others are told by name. */
function readEvent(bytes: Uint8Array): Payload {
  const { process, metrics, anomaly, breach, coverage, host } = Event.decode(bytes);
  if (process?.process) {
    const event = processEvent(process.process);
    const life = LIFE[process.kind];
    const osMetadata = { ...event.osMetadata, ...(life && { [PROCESS_LIFE]: life }) };
    return { kind: 'process', process: { ...event, osMetadata } };
  }
  if (metrics) return { kind: 'metrics' };
  if (anomaly) return { kind: 'anomaly' };
  if (breach) return { kind: 'breach' };
  if (coverage) return { kind: 'coverage' };
  return { kind: host ? 'host' : 'none' };
}

function processEvent(wire: WireProcess): ProcessEvent {
  const { pid, ppid, exe, args, startTsNs, uid, gid, cgroup, containerId, osType, osMetadata } = wire;
  const { cpuPercent, memoryPercent, rssBytes, vmsBytes, numThreads, status } = wire;
  return {
    ...{ pid: Number(pid), ppid: Number(ppid), executable: exe, args, startedNs: startTsNs },
    ...{ uid, gid, cgroup, containerId, osType, osMetadata },
    ...{ cpuPercent, memoryPercent, rssBytes: Number(rssBytes), vmsBytes: Number(vmsBytes) },
    ...{ numThreads, status },
  };
}
