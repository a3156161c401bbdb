import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { isLoopback } from '../lib/network-address.ts';
import type { Exposition } from '../model/exposition.ts';
import { answer, sourceOf } from './api.ts';
import { type StaticFile, staticFiles } from './files.ts';
import { refuseStrangers, SECURITY_HEADERS, TokenCheck } from './guard.ts';
import { HttpError } from './http-error.ts';
import { sendPage } from './metrics-page.ts';
import { Parameters, quoted } from './parameters.ts';
import { type HubSource, isHub, type Source } from './source.ts';
import { LiveStreams } from './stream.ts';

// An import statement reads every export of the module, and node:http's WebSocket pulls in a whole HTTP client: 10 MB.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http');

const MAX_CONNECTIONS = 64;
const API = '/api/v1/';
/** SameSite=Strict cookies do not travel with a redirect that another site began: the page goes on by itself. */
const LOGGED_IN =
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Homeostat</title><a href="/">Open the dashboard</a>';

export interface ServerOptions {
  readonly source: Source | HubSource;
  /** An address or name to bind to. Anything but loopback needs `token`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The built dashboard. */
  readonly webFolder: string;
  /** Asked for from every client when set. */
  readonly token?: string;
  /** What `/metrics` answers. */
  readonly exposition?: Exposition;
  readonly clock: Clock;
  readonly log?: Log;
}

export interface HttpServer {
  /**
   * Binds; the address is a URL such as `http://127.0.0.1:4600`. Throws UserError where the port is taken or not
   * allowed, the address is not this machine's, a token is missing, or the dashboard's folder cannot be read.
   */
  listen(): Promise<{ readonly address: string }>;
  /** Ends the live streams and all connections. */
  close(): Promise<void>;
}

/** The HTTP API, the live stream and the dashboard's files. Read-only: it answers GET and changes nothing. */
export function createServer(options: ServerOptions): HttpServer {
  const streams = new LiveStreams(options.clock);
  let server: Server | undefined;
  return {
    async listen() {
      requireToken(options);
      const files = staticFiles(options.webFolder);
      const handler = { options, files, streams, token: undefined as TokenCheck | undefined };
      server = createHttpServer(
        { maxHeaderSize: 16 * 1024, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
        (request, response) => handle(handler, request, response),
      );
      server.maxConnections = MAX_CONNECTIONS;
      const port = await bind(server, options);
      if (options.token !== undefined) handler.token = new TokenCheck(options.token, port);
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      return { address: `http://${host}:${port}` };
    },
    async close() {
      streams.close();
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
export function requireToken({ host, token }: Pick<ServerOptions, 'host' | 'token'>): void {
  if (token !== undefined && !/^[\w.~+/=-]{16,256}$/.test(token)) {
    throw new UserError(
      `the token has ${token.length} characters or some that do not fit in a header: use 16 to 256 of A-Z a-z 0-9 - . _ ~ + / =`,
    );
  }
  if (isLoopback(host) || token !== undefined) return;
  throw new UserError(
    `the address ${host} can be reached from other machines, and no token is set: set one of at least 16 characters (HOMEOSTAT_TOKEN, --token or serve.token), or bind to 127.0.0.1`,
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
  readonly token: TokenCheck | undefined;
}

function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): void {
  for (const name of Object.keys(SECURITY_HEADERS)) response.setHeader(name, SECURITY_HEADERS[name]!);
  // A body is of no use here; leaving it unread would hold its connection until the timeout.
  request.resume();
  try {
    route(handler, request, response);
  } catch (error) {
    const known = error instanceof HttpError;
    if (!known) handler.options.log?.warn(`GET ${quoted(request.url ?? '')} failed: ${errorMessage(error)}`);
    const status = known ? error.status : 500;
    const message = known
      ? error.message
      : `the answer could not be made (${errorMessage(error)}): daemon.log has more`;
    if (response.headersSent) response.destroy();
    else send(response, status, 'application/json; charset=utf-8', JSON.stringify({ error: message }));
  }
}

function route(
  { options, files, streams, token }: Handler,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { headers } = request;
  refuseStrangers(headers, options.host);
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    throw new HttpError(405, `the method is ${quoted(request.method ?? '')}: only GET is answered`);
  }
  const { path, query } = split(request.url ?? '/');
  if (token) {
    if (path === '/' && query.has('token')) {
      login(token, query.get('token') ?? '', response);
      return;
    }
    token.require(headers);
  }
  const { source } = options;
  if (path === `${API}stream`) {
    new Parameters(query, isHub(source) ? ['host'] : []);
    const name = query.get('host') ?? '';
    streams.of(name, sourceOf(source, query)).add(response, headers['last-event-id']?.toString());
  } else if (path === '/metrics' && options.exposition) {
    const parameters = new Parameters(query, isHub(source) ? ['host'] : []);
    sendPage({ exposition: options.exposition, log: options.log }, headers.accept, parameters, response);
  } else if (path.startsWith(API)) {
    const text = answer(source, options.clock, path.slice(API.length), query);
    send(response, 200, 'application/json; charset=utf-8', text);
  } else {
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

function login(token: TokenCheck, given: string, response: ServerResponse): void {
  if (!token.matches(given)) {
    throw new HttpError(401, `the login link's token is wrong: open the one that 'homeostat up' printed`);
  }
  response.setHeader('Set-Cookie', token.setCookie());
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
