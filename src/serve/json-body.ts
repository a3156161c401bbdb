import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import { quoted } from './parameters.ts';

/** What people say in a change is short. */
const MAX_BYTES = 64 * 1024;

/** What was sent as JSON. Throws HttpError 400, 413 or 415; how long it may take is the server's. */
export async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  // A form of another site can send any other type that it may without asking first.
  if (!/^application\/json(\s*;\s*charset=utf-8)?$/i.test(type.trim()))
    throw new HttpError(415, `the Content-Type is ${quoted(type)}: send application/json`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new HttpError(413, `the body is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new HttpError(400, 'the body is no JSON');
  }
}
