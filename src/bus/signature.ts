import type { Signed } from '../model/peer.ts';
import { LENGTH, Reader } from './wire-reader.ts';

/**
 * Takes the signature's field out of a message: what is signed is all of its other bytes, as they were sent and in their order, which is what
 * the message is before it is signed. Undefined where the field comes more than once, or the bytes are no message.
 */
export function splitSignature(bytes: Uint8Array, field: number): Signed | undefined {
  const reader = new Reader(bytes);
  let found: { readonly from: number; readonly to: number; readonly signature: Uint8Array } | undefined;
  while (reader.at < bytes.length) {
    const from = reader.at;
    const tag = reader.tag();
    if (!tag) return undefined;
    if (tag.number !== field) {
      if (!reader.pass(tag.type)) return undefined;
      continue;
    }
    const signature = tag.type === LENGTH ? reader.value(LENGTH) : undefined;
    if (found || !(signature instanceof Uint8Array)) return undefined;
    found = { from, to: reader.at, signature };
  }
  if (!found) return { body: bytes, signature: new Uint8Array() };
  return {
    body: Buffer.concat([bytes.subarray(0, found.from), bytes.subarray(found.to)]),
    signature: found.signature,
  };
}
