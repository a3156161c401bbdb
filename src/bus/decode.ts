import { Event } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { Envelope, UniversalEnvelope } from '../../proto/generated/messaging/messaging.ts';

const MESSAGES: Readonly<Record<string, { decode(bytes: Uint8Array): unknown }>> = {
  'messaging.Envelope': Envelope,
  'messaging.UniversalEnvelope': UniversalEnvelope,
  'homeostat.v1.Event': Event,
};

/**
 * An envelope as plain JSON: 64-bit numbers as text, bytes as base64. `kind` is the name of the message; what cannot be
 * decoded is given as its bytes.
 */
export function decodeEnvelope(kind: string, bytes: Uint8Array): unknown {
  const message = MESSAGES[kind];
  if (!message) return { undecoded: Buffer.from(bytes).toString('base64') };
  try {
    return plain(message.decode(bytes));
  } catch {
    return { undecoded: Buffer.from(bytes).toString('base64') };
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
