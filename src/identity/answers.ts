import * as grpc from '@grpc/grpc-js';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { printable } from '../lib/text.ts';
import { Refusal, type RefusalKind } from './refusal.ts';

const CODES: Readonly<Record<RefusalKind, grpc.status>> = {
  invalid: grpc.status.INVALID_ARGUMENT,
  denied: grpc.status.PERMISSION_DENIED,
  taken: grpc.status.ALREADY_EXISTS,
  unready: grpc.status.FAILED_PRECONDITION,
  busy: grpc.status.RESOURCE_EXHAUSTED,
};

/** Throws Refusal where the bytes are not what they should be. */
export function decode<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Refusal('invalid', 'the request cannot be read');
  }
}

/** What a caller is told of a failure, which is logged here: of a defect of the hub nothing but that it is one. */
export function statusOf(
  error: unknown,
  asked: string,
  log: Log,
): { readonly code: grpc.status; readonly details: string } {
  const message = errorMessage(error);
  if (error instanceof Refusal) {
    // Whoever floods is told of when it begins to wait.
    if (error.kind !== 'busy') log.warn(`${asked} was refused: ${message}`);
    return { code: CODES[error.kind], details: printable(message) };
  }
  log.error(`${asked} failed: ${message}`);
  return { code: grpc.status.INTERNAL, details: 'the hub could not keep it; its log (hub.log) says why' };
}
