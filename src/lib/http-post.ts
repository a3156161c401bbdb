import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Authorities, PEM, that are trusted in place of the usual ones. */
  readonly ca?: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As much of the body as is looked at. */
  readonly text: string;
}

const MOST_TEXT = 16 * 1024;

/**
 * Posts and reads the answer, whatever its status; a redirect is an answer too and is not followed, as what is posted is not for everybody.
 * Rejects with the system's or TLS's error, or with the signal's reason.
 */
export function post({ url, headers, body, ca, signal }: PostRequest): Promise<PostAnswer> {
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    // A connection of its own: what is posted seldom would find the kept one closed by the other side.
    agent: false,
    signal,
    ...(ca && { ca }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(signal.aborted ? signal.reason : error);
    const request = clientOf(url)(url, options, (response) => read(response).then(resolve, fail));
    request.once('error', fail);
    request.end(body);
  });
}

/** Loaded when something is posted: an import statement would load both at the start. */
function clientOf(url: string) {
  return url.startsWith('https:')
    ? process.getBuiltinModule('node:https').request
    : process.getBuiltinModule('node:http').request;
}

async function read(response: IncomingMessage): Promise<PostAnswer> {
  const { statusCode: status = 0, headers } = response;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    // Leaving the loop ends the connection.
    if (size >= MOST_TEXT) break;
  }
  return { status, headers, text: Buffer.concat(parts).toString('utf8', 0, MOST_TEXT) };
}
