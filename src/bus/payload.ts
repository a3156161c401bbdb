import {
  Envelope,
  UniversalEnvelope,
  type ProcessEvent as WireProcess,
} from '../../proto/generated/messaging/messaging.ts';
import type { Payload, ProcessEvent } from '../model/process-event.ts';

/** What an envelope of the log holds. `kind` is the name of the message. Never throws: bytes that are no message are `undecoded`. */
export function readPayload(kind: string, bytes: Uint8Array): Payload {
  try {
    if (kind === 'messaging.Envelope') {
      const { flow, payload } = Envelope.decode(bytes);
      return { kind: flow ? 'flow' : payload.length > 0 ? 'payload' : 'none' };
    }
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
