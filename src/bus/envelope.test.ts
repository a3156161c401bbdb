import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Event } from '../../proto/generated/homeostat/v1/telemetry.ts';
import {
  Envelope,
  FlowEvent,
  ProcessEvent,
  UniversalEnvelope,
} from '../../proto/generated/messaging/messaging.ts';
import { AgentSays } from '../../test/support/agent-events.ts';
import {
  ENVELOPE,
  type EnvelopeKind,
  EVENT,
  inspect,
  MAX_ENVELOPE_BYTES,
  UNIVERSAL_ENVELOPE,
} from './envelope.ts';

const universal = (parts: Partial<UniversalEnvelope>): Uint8Array =>
  UniversalEnvelope.encode(
    UniversalEnvelope.fromPartial({ idempotencyKey: 'k', tsNs: 5n, ...parts }),
  ).finish();
const process = ProcessEvent.fromPartial({ pid: 7n, exe: '/bin/true' });
const flow = FlowEvent.fromPartial({ srcIp: '10.0.0.1' });
const reason = (bytes: Uint8Array, kind: EnvelopeKind): string => {
  const inspected = inspect(bytes, kind);
  return inspected.ok ? 'ok' : inspected.reason;
};

describe('what an envelope must have', () => {
  it('is a key and exactly one payload', () => {
    assert.deepEqual(inspect(universal({ process }), UNIVERSAL_ENVELOPE), {
      ok: true,
      key: 'k',
      timestampNs: 5n,
      payload: 'process',
    });
    assert.match(reason(universal({ process, idempotencyKey: '' }), UNIVERSAL_ENVELOPE), /idempotency_key/);
    assert.match(reason(universal({}), UNIVERSAL_ENVELOPE), /no payload: one of flow, process/);
    assert.match(reason(universal({ process, flow }), UNIVERSAL_ENVELOPE), /flow and process are both set/);
  });

  it('may be an empty message as payload, but not empty bytes', () => {
    assert.equal(reason(universal({ process: ProcessEvent.fromPartial({}) }), UNIVERSAL_ENVELOPE), 'ok');
    const plain = (payload: Uint8Array) =>
      Envelope.encode(Envelope.fromPartial({ idempotencyKey: 'k', payload })).finish();
    assert.equal(reason(plain(Buffer.from('x')), ENVELOPE), 'ok');
    // Written out although it is empty, as a hand-made client might.
    assert.match(reason(Buffer.from([...plain(Buffer.alloc(0)), 0x3a, 0]), ENVELOPE), /no payload/);
  });

  it('is at most 131,072 bytes', () => {
    const padded = (size: number) => universal({ process, sig: Buffer.alloc(size) });
    const head = padded(MAX_ENVELOPE_BYTES).length - MAX_ENVELOPE_BYTES;
    assert.equal(reason(padded(MAX_ENVELOPE_BYTES - head), UNIVERSAL_ENVELOPE), 'ok');
    assert.match(
      reason(padded(MAX_ENVELOPE_BYTES - head + 1), UNIVERSAL_ENVELOPE),
      /131073 bytes; at most 131072/,
    );
  });

  it('is a payload that is a message, all the way down', () => {
    const field = (number: number, bytes: Uint8Array) => [number * 8 + 2, bytes.length, ...bytes];
    const head = [...field(3, Buffer.from('k'))];
    const garbage = Buffer.from('ffffffffffff', 'hex');
    for (const [number, name] of EVENT.payloads)
      assert.equal(
        reason(Buffer.from([...head, ...field(number, garbage)]), EVENT),
        `${name} is no protobuf message`,
      );
    const universal = (number: number) =>
      reason(Buffer.from([...head, ...field(number, garbage)]), UNIVERSAL_ENVELOPE);
    assert.deepEqual(
      [4, 5].map(universal),
      ['flow', 'process'].map((name) => `${name} is no protobuf message`),
    );
    assert.match(reason(Buffer.from([...head, ...field(4, garbage)]), ENVELOPE), /flow is no/);
    const nested = Buffer.from([...head, ...field(5, Buffer.from(field(1, garbage)))]);
    assert.equal(reason(nested, EVENT), 'metrics is no protobuf message');
    // A length that ends beyond the message that it is in, but not beyond the bytes.
    const beyond = Buffer.from([
      ...head,
      ...field(5, Buffer.from([10, 9, 10])),
      ...field(99, Buffer.alloc(20)),
    ]);
    assert.equal(reason(beyond, EVENT), 'metrics is no protobuf message');
  });

  it('of an agent is only taken where the generated code reads it, whatever byte of it is damaged', () => {
    const says = new AgentSays('web');
    const events = [
      says.process(1, 'start', 7),
      says.metrics(1, { 'system.cpu.utilization': 0.5, a: -1 }),
      says.coverage(1, true),
      says.host(1, 'up'),
    ];
    for (const event of events) {
      const whole = Event.encode(event).finish();
      assert.equal(reason(whole, EVENT), 'ok');
      for (let at = 0; at < whole.length; at++)
        for (const byte of [0, 0x7f, 0x80, 0xff]) {
          const bytes = Uint8Array.from(whole);
          bytes[at] = byte;
          if (inspect(bytes, EVENT).ok) assert.doesNotThrow(() => Event.decode(bytes));
        }
    }
  });

  it('is a key that is kept as it is: with a byte order mark it is another one', () => {
    const inspected = inspect(universal({ process, idempotencyKey: '\ufeffk' }), UNIVERSAL_ENVELOPE);
    assert.equal(inspected.ok && inspected.key, '\ufeffk');
  });

  it('is a key that is text and not endless', () => {
    assert.match(
      reason(universal({ process, idempotencyKey: 'x'.repeat(600) }), UNIVERSAL_ENVELOPE),
      /600 bytes/,
    );
    const bytes = Buffer.from(universal({ process }));
    bytes[bytes.indexOf(0x1a) + 2] = 0xff;
    assert.match(reason(bytes, UNIVERSAL_ENVELOPE), /not UTF-8/);
  });
});

describe('any bytes', () => {
  it('of an envelope are read as the generated code reads them', () => {
    const parts = fc.record({
      idempotencyKey: fc.string({ minLength: 1, maxLength: 50 }),
      tsNs: fc.bigInt(0n, 2n ** 64n - 1n),
      version: fc.string(),
      sig: fc.uint8Array(),
      retryCount: fc.nat(),
      processingHints: fc.array(fc.string()),
      process: fc.record({ pid: fc.bigInt(0n, 2n ** 64n - 1n), args: fc.array(fc.string()) }),
    });
    fc.assert(
      fc.property(parts, (made) => {
        const message = UniversalEnvelope.fromPartial(made);
        const bytes = UniversalEnvelope.encode(message).finish();
        const decoded = UniversalEnvelope.decode(bytes);
        assert.deepEqual(inspect(bytes, UNIVERSAL_ENVELOPE), {
          ...{ ok: true, key: decoded.idempotencyKey, timestampNs: decoded.tsNs, payload: 'process' },
        });
      }),
    );
  });

  it('with unknown fields of every wire type are taken', () => {
    // Fields 200 (varint), 201 (64 bit), 202 (bytes), 203 (32 bit).
    const unknown = [0xc0, 0x0c, 0x96, 0x01, 0xc9, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8];
    unknown.push(0xd2, 0x0c, 2, 0xff, 0xff, 0xdd, 0x0c, 1, 2, 3, 4);
    assert.equal(reason(Buffer.from([...unknown, ...universal({ process })]), UNIVERSAL_ENVELOPE), 'ok');
  });

  it('are refused or taken, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void inspect(bytes, UNIVERSAL_ENVELOPE)),
    );
    const whole = universal({ process });
    for (let length = 0; length < whole.length; length++)
      assert.notEqual(reason(whole.subarray(0, length), UNIVERSAL_ENVELOPE), '');
    assert.match(reason(Buffer.from('no message'), UNIVERSAL_ENVELOPE), /no protobuf message/);
  });
});

describe('the golden envelope', () => {
  const golden = readFileSync(new URL('../../test/wire/mac-process.bin', import.meta.url));
  const message = UniversalEnvelope.fromPartial({
    version: 'v1',
    tsNs: 1_757_184_000_123_456_789n,
    idempotencyKey: 'macbook_4711_1757184000123456789',
    process: {
      ...{ pid: 4711n, ppid: 1n, exe: '/usr/libexec/mobileassetd', args: ['/usr/libexec/mobileassetd'] },
      ...{ startTsNs: 1_757_183_999_000_000_000n, uid: 501, gid: 20 },
    },
    sig: Buffer.from('constant'),
    signingAlgorithm: 'ed25519',
    priority: 'NORMAL',
  });

  it('is written as it always was, byte for byte', () => {
    assert.deepEqual(Buffer.from(UniversalEnvelope.encode(message).finish()), golden);
    assert.ok(golden.length >= 139 && golden.length <= 163, `${golden.length} bytes`);
  });

  it('is read as it always was', () => {
    assert.deepEqual(UniversalEnvelope.decode(golden).process?.exe, '/usr/libexec/mobileassetd');
    assert.deepEqual(inspect(golden, UNIVERSAL_ENVELOPE), {
      ...{ ok: true, key: 'macbook_4711_1757184000123456789', timestampNs: 1_757_184_000_123_456_789n },
      payload: 'process',
    });
  });
});
