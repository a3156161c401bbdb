import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Exposition } from '../model/exposition.ts';
import { HttpError } from './http-error.ts';
import { type Parameters, quoted } from './parameters.ts';

/** The page is made in slices of so long, ms; between them the program does its own work. */
const SLICE_MS = 2;
const CHUNK = 64 * 1024;

/** Answers with the page, as fast as it is read. Throws HttpError 404 where there is no such host. */
export function sendPage(
  { exposition, log }: { readonly exposition: Exposition; readonly log: Log | undefined },
  accept: string | undefined,
  parameters: Parameters,
  response: ServerResponse,
): void {
  const host = parameters.text('host');
  const page = exposition.page(accept, host);
  if (!page)
    throw new HttpError(
      404,
      `no host is called ${quoted(host ?? '')}: '/api/v1/hosts' lists those that were heard`,
    );
  response.setHeader('Vary', 'Accept');
  response.writeHead(200, { 'Content-Type': page.contentType, 'Cache-Control': 'no-store' });
  // Half a page is worse than none: the reader sees a connection that broke.
  send(page.parts, response).catch((error: unknown) => {
    log?.warn(`/metrics failed: ${errorMessage(error)}`);
    response.destroy();
  });
}

/** Resolves when more may be written, or never will be. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });

async function send(parts: Iterable<string>, response: ServerResponse): Promise<void> {
  let waiting = '';
  let began = performance.now();
  for (const part of parts) {
    waiting += part;
    const pause = performance.now() - began > SLICE_MS;
    if (!pause && waiting.length < CHUNK) continue;
    if (response.destroyed) return;
    if (response.write(waiting)) await nextTurn();
    else await drained(response);
    waiting = '';
    began = performance.now();
  }
  response.end(waiting);
}
