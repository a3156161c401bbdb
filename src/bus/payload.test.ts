import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Event, ProcessChange_Kind } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { Envelope, UniversalEnvelope } from '../../proto/generated/messaging/messaging.ts';
import { PROCESS_LIFE } from '../model/process-event.ts';
import { readPayload } from './payload.ts';

const UNIVERSAL = 'messaging.UniversalEnvelope';

test('the golden envelope of a Mac is its process', () => {
  const bytes = readFileSync(new URL('../../test/wire/mac-process.bin', import.meta.url));
  const payload = readPayload(UNIVERSAL, bytes);
  assert.ok(payload.kind === 'process');
  const { pid, ppid, executable, args, uid, gid, osType } = payload.process;
  assert.deepEqual(
    { pid, ppid, executable, args, uid, gid, osType },
    {
      ...{ pid: 4711, ppid: 1, executable: '/usr/libexec/mobileassetd' },
      ...{ args: ['/usr/libexec/mobileassetd'], uid: 501, gid: 20, osType: '' },
    },
  );
});

test('other payloads are told by name, and bytes that are no message are not guessed at', () => {
  const universal = (parts: Parameters<typeof UniversalEnvelope.fromPartial>[0]) =>
    readPayload(UNIVERSAL, UniversalEnvelope.encode(UniversalEnvelope.fromPartial(parts)).finish()).kind;
  assert.equal(universal({ flow: {} }), 'flow');
  assert.equal(universal({ deviceTelemetry: {} }), 'device_telemetry');
  assert.equal(universal({ telemetryBatch: {} }), 'telemetry_batch');
  assert.equal(universal({}), 'none');
  const envelope = (parts: Parameters<typeof Envelope.fromPartial>[0]) =>
    readPayload('messaging.Envelope', Envelope.encode(Envelope.fromPartial(parts)).finish()).kind;
  assert.equal(envelope({ flow: {} }), 'flow');
  assert.equal(envelope({ payload: new Uint8Array(1) }), 'payload');
  assert.equal(readPayload(UNIVERSAL, Uint8Array.of(0x0a, 0xff)).kind, 'undecoded');
  assert.equal(readPayload('messaging.Unknown', new Uint8Array()).kind, 'undecoded');
});

test("an agent's event of a process is the process, and says why it was sent", () => {
  const read = (parts: Parameters<typeof Event.fromPartial>[0]) =>
    readPayload('homeostat.v1.Event', Event.encode(Event.fromPartial(parts)).finish());
  const ended = read({
    process: { kind: ProcessChange_Kind.KIND_END, process: { pid: 7n, exe: '/bin/true' } },
  });
  assert.ok(ended.kind === 'process');
  assert.equal(ended.process.executable, '/bin/true');
  assert.deepEqual(ended.process.osMetadata, { [PROCESS_LIFE]: 'end' });
  assert.deepEqual(
    [
      read({ metrics: {} }),
      read({ anomaly: {} }),
      read({ coverage: {} }),
      read({ host: {} }),
      read({ breach: {} }),
      read({}),
    ].map(({ kind }) => kind),
    ['metrics', 'anomaly', 'coverage', 'host', 'breach', 'none'],
  );
});
