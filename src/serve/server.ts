import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { isLoopback } from '../lib/network-address.ts';
import type { Exposition } from '../model/exposition.ts';
import { Door } from './access/door.ts';
import { readTokens } from './access/token-file.ts';
import { answerApi, notAllowed, sourceOf } from './api.ts';
import { type StaticFile, staticFiles } from './files.ts';
import { refuseStrangers, SECURITY_HEADERS } from './guard.ts';
import { HttpError } from './http-error.ts';
import { sendPage } from './metrics-page.ts';
import { Parameters, quoted } from './parameters.ts';
import { type FeedbackDesk, type HubSource, isHub, type Source } from './source.ts';
import { LiveStreams } from './stream.ts';

// An import statement reads every export of the module, and node:http's WebSocket pulls in a whole HTTP client: 10 MB.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http');

const MAX_CONNECTIONS = 64;
const API = '/api/v1/';
const STREAM = `${API}stream`;
const JSON_TYPE = 'application/json; charset=utf-8';
/** SameSite=Strict cookies do not travel with a redirect that another site began: the page goes on by itself. */
const LOGGED_IN =
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Homeostat</title><a href="/">Open the dashboard</a>';

export interface ServerOptions {
  readonly source: Source | HubSource;
  /** An address or name to bind to. Anything but loopback needs `token`, or a named one in `folder`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The built dashboard. */
  readonly webFolder: string;
  /** Asked for from every client when set, unless it shows a named token or is signed in. */
  readonly token?: string;
  /** Where named tokens and login links are kept. Left out: there are none. */
  readonly folder?: string;
  /** `always`: whoever reads must be signed in, also on loopback. */
  readonly signIn?: 'remote' | 'always';
  /** What people say of incidents goes there. Left out: they can say nothing. */
  readonly feedback?: FeedbackDesk;
  /** What `/metrics` answers. */
  readonly exposition?: Exposition;
  readonly clock: Clock;
  readonly log?: Log;
}

export interface HttpServer {
  /**
   * Binds; the address is a URL such as `http://127.0.0.1:4600`. Throws UserError where the port is taken or not
   * allowed, the address is not this machine's, a token is missing, or the dashboard's folder cannot be read.
   * `token`: what commands of this machine have to show, if anything.
   */
  listen(): Promise<{ readonly address: string; readonly token?: string }>;
  /** Ends the live streams and all connections. */
  close(): Promise<void>;
}

/** The HTTP API, the live stream and the dashboard's files. What can be changed is in the table of routes. */
export function createServer(options: ServerOptions): HttpServer {
  const streams = new LiveStreams(options.clock);
  let server: Server | undefined;
  let door: Door | undefined;
  return {
    async listen() {
      requireToken(options);
      const files = staticFiles(options.webFolder);
      const { promise: ready, resolve } = Promise.withResolvers<Handler>();
      server = createHttpServer(
        { maxHeaderSize: 16 * 1024, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
        (request, response) => void ready.then((handler) => handle(handler, request, response)),
      );
      server.maxConnections = MAX_CONNECTIONS;
      const port = await bind(server, options);
      door = new Door({ ...options, port });
      resolve({ options, files, streams, door });
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      const { ownToken } = door;
      return { address: `http://${host}:${port}`, ...(ownToken !== undefined && { token: ownToken }) };
    },
    async close() {
      streams.close();
      door?.close();
      const closing = server;
      server = undefined;
      if (!closing) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
  };
}

/** Throws UserError where the address can be reached from elsewhere and nothing has to be known to be let in. */
export function requireToken({
  host,
  token,
  folder,
}: Pick<ServerOptions, 'host' | 'token' | 'folder'>): void {
  if (token !== undefined && !/^[\w.~+/=-]{16,256}$/.test(token)) {
    throw new UserError(
      `the token has ${token.length} characters or some that do not fit in a header: use 16 to 256 of A-Z a-z 0-9 - . _ ~ + / =`,
    );
  }
  if (isLoopback(host) || token !== undefined) return;
  if (folder !== undefined && readTokens(folder).length > 0) return;
  throw new UserError(
    `the address ${host} can be reached from other machines, and no token is set: set one of at least 16 characters (HOMEOSTAT_TOKEN, --token or serve.token), make a named one ('homeostat access create'), or bind to 127.0.0.1`,
  );
}

function bind(server: Server, { host, port, log }: ServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(bindError(error, host, port)));
    server.listen({ host, port, backlog: MAX_CONNECTIONS }, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => log?.warn(`the HTTP server: ${errorMessage(error)}`));
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The UserError for a port or an address that cannot be had. */
function bindError(error: Error, host: string, port: number): UserError {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new UserError(
        `port ${port} on ${host} is in use by another program: end that one, or choose another with --port (0 takes a free one)`,
      );
    case 'EACCES':
      return new UserError(`port ${port} on ${host} may not be opened by this user: choose one above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UserError(
        `the address ${host} is not one of this machine: bind to 127.0.0.1 or an address that it has`,
      );
    default:
      return new UserError(
        `cannot listen on port ${port} of ${host} (${errorMessage(error)}): choose another`,
        1,
      );
  }
}

interface Handler {
  readonly options: ServerOptions;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly streams: LiveStreams;
  readonly door: Door;
}

async function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const name of Object.keys(SECURITY_HEADERS)) response.setHeader(name, SECURITY_HEADERS[name]!);
  try {
    await route(handler, request, response);
  } catch (error) {
    const known = httpErrorOf(error);
    const asked = `${request.method} ${quoted(request.url?.split('?')[0] ?? '')}`;
    if (!known) handler.options.log?.warn(`${asked} failed: ${errorMessage(error)}`);
    const { status, message } = known ?? {
      status: 500,
      message: `the answer could not be made (${errorMessage(error)}): daemon.log has more`,
    };
    if (response.headersSent) response.destroy();
    else send(response, status, JSON_TYPE, JSON.stringify({ error: message }));
  } finally {
    // What nobody wanted to read would hold the connection until the timeout.
    request.resume();
  }
}

/** What people did wrong; undefined for a failure. */
function httpErrorOf(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  return error instanceof UserError && error.exitCode === 2 ? new HttpError(409, error.message) : undefined;
}

async function route(
  { options, files, streams, door }: Handler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { headers, method = '' } = request;
  refuseStrangers(headers, options.host);
  const { path, query } = split(request.url ?? '/');
  const isApi = path.startsWith(API) && path !== STREAM;
  if (method !== 'GET' && !isApi) throw notAllowed(method, ['GET'], response);
  if (path === '/' && (query.has('token') || query.has('login'))) {
    openLink(door, query, request, response);
    return;
  }
  const { source } = options;
  if (isApi) {
    const api = { options, door, request, response, path: path.slice(API.length), query };
    send(response, 200, JSON_TYPE, await answerApi(api));
  } else if (path === STREAM || (path === '/metrics' && options.exposition)) {
    const caller = door.caller(request);
    door.require(caller, 'view', path);
    const parameters = new Parameters(query, isHub(source) ? ['host'] : []);
    if (path === STREAM) {
      const name = query.get('host') ?? '';
      streams.of(name, sourceOf(source, query)).add(response, headers['last-event-id']?.toString());
      door.endWith(caller, response);
    } else if (options.exposition)
      sendPage({ exposition: options.exposition, log: options.log }, headers.accept, parameters, response);
  } else {
    // The page holds no data, and without it nobody could sign in.
    sendFile(files, path, headers['if-none-match'], response);
  }
}

/** Path and query as sent: URL would resolve `..` and so hide what was asked. */
function split(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function openLink(
  door: Door,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // A browser that loads what might be opened would use the link up.
  if (/prefetch|prerender/.test(String(request.headers['sec-purpose'] ?? request.headers.purpose ?? '')))
    throw new HttpError(403, 'a login link is not loaded ahead: open it');
  const code = query.get('login');
  const cookie =
    code === null ? door.openTokenLink(query.get('token') ?? '', request) : door.openLink(code, request);
  response.setHeader('Set-Cookie', cookie);
  send(response, 200, 'text/html; charset=utf-8', LOGGED_IN);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function sendFile(
  files: ReadonlyMap<string, StaticFile>,
  path: string,
  known: string | undefined,
  response: ServerResponse,
): void {
  const file = files.get(path);
  if (!file) throw new HttpError(404, `there is nothing at ${quoted(path)}: the dashboard is at /`);
  response.setHeader('ETag', file.etag);
  response.setHeader('Cache-Control', 'no-cache');
  if (known === file.etag) {
    response.writeHead(304).end();
    return;
  }
  const content = file.read();
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': content.length });
  response.end(content);
}
