import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { errorMessage } from '../lib/errors.ts';
import { printable } from '../lib/text.ts';
import type { Door } from './access/door.ts';
import { HttpError } from './http-error.ts';
import { jsonBody } from './json-body.ts';
import { decoded, Parameters, quoted } from './parameters.ts';
import type { Asked, Change, Reading } from './route.ts';
import { CHANGES, READINGS } from './routes.ts';
import type { ServerOptions } from './server.ts';
import { type HubSource, hostOf, isHub, type Source } from './source.ts';

export interface ApiRequest {
  readonly options: Pick<ServerOptions, 'source' | 'clock' | 'feedback' | 'log'>;
  readonly door: Door;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Below `/api/v1/`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Match<Route> {
  readonly route: Route;
  /** What stands for `{id}`. */
  readonly id: string;
}

/** `incidents/{id}/evidence` -> what it fits. */
const patterns = new Map(
  [...READINGS, ...CHANGES].map(({ path }) => [path, new RegExp(`^${path.replace('{id}', '([^/]+)')}$`)]),
);

function matchOf<Route extends Reading | Change>(
  routes: readonly Route[],
  path: string,
  method = 'GET',
): Match<Route> | undefined {
  for (const route of routes) {
    const match = patterns.get(route.path)?.exec(path);
    if (match && ('method' in route ? route.method : 'GET') === method)
      return { route, id: decoded(match[1] ?? '') };
  }
  return undefined;
}

/** The JSON text that answers a request; throws HttpError. Numbers that are not finite become null. */
export async function answerApi(api: ApiRequest): Promise<string> {
  const { path, request, response } = api;
  const { method = '' } = request;
  if (method === 'GET') {
    const reading = matchOf(READINGS, path);
    if (reading) return JSON.stringify(read(api, reading));
  }
  const match = matchOf(CHANGES, path, method);
  if (match) return JSON.stringify((await make(api, match)) ?? {});
  const methods = ['GET', 'POST', 'DELETE'].filter((one) =>
    one === 'GET' ? matchOf(READINGS, path) : matchOf(CHANGES, path, one),
  );
  if (methods.length > 0) throw notAllowed(method, methods, response);
  const names = new Set([...READINGS, ...CHANGES].map((route) => route.path.split('/')[0]!));
  throw new HttpError(
    404,
    `there is nothing at ${quoted(`/api/v1/${path}`)}: see ${[...names].join(', ')}, stream`,
  );
}

export function notAllowed(method: string, methods: readonly string[], response: ServerResponse): HttpError {
  response.setHeader('Allow', methods.join(', '));
  return new HttpError(405, `the method is ${quoted(method)}: ${methods.join(', ')} can be answered there`);
}

function read(api: ApiRequest, { route, id }: Match<Reading>): unknown {
  const { door, request, query, path } = api;
  const { source: origin } = api.options;
  const caller = door.caller(request);
  if (route.role !== null) door.require(caller, route.role, `GET ${quoted(path)}`);
  const asked = (): Asked => askedOf(api, route, id, caller, route.host !== 'none');
  if (route.host !== 'must') return route.answer(asked());
  const source = sourceOf(origin, query);
  return route.answer({ ...asked(), source });
}

/** A change, once it is clear who asks, that they may, and that they mean it. */
async function make(api: ApiRequest, { route, id }: Match<Change>): Promise<unknown> {
  const { door, request, path, options } = api;
  const what = `${route.method} ${quoted(path)}`;
  const caller = door.caller(request);
  // Whoever signs in may be somebody else until then.
  door.requireOwnPage(request, route.role === null ? undefined : caller);
  if (route.role !== null) door.requireKnown(caller, route.role, what);
  const asked = askedOf(api, route, id, caller, isHub(options.source));
  const body = route.body && parsed(route.body, await jsonBody(request));
  const answer = route.answer(asked, body);
  if (caller && route.role !== null)
    options.log?.info(
      `${caller.name} (${caller.role}): ${what}${body === undefined ? '' : ` ${shown(body)}`}`,
    );
  return answer;
}

/** Bodies are small and were checked; who sent them chose their text. */
const shown = (body: unknown): string => printable(JSON.stringify(body));

function parsed(schema: v.GenericSchema, body: unknown): unknown {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue);
  throw new HttpError(
    400,
    `the body is not as it should be${where === null ? '' : ` at ${quoted(where)}`}: ${printable(errorMessage(issue.message)).slice(0, 200)}`,
  );
}

function askedOf(
  { options, door, request, response, query }: ApiRequest,
  route: Reading | Change,
  id: string,
  caller: ReturnType<Door['caller']>,
  mayNameHost: boolean,
): Asked {
  const { source: origin, clock, feedback } = options;
  const known = [...(route.parameters ?? []), ...(mayNameHost && isHub(origin) ? ['host'] : [])];
  const setCookie = (cookie: string): void => {
    response.setHeader('Set-Cookie', cookie);
  };
  return {
    ...{ origin, clock, feedback, door, caller, id },
    parameters: new Parameters(query, known, route.many),
    signIn: (token) => setCookie(door.signIn(token, request)),
    signOut: () => {
      if (caller) setCookie(door.signOut(caller));
    },
  };
}

/** The machine that a request is about: of a hub the one that `host` names. Throws HttpError. */
export function sourceOf(origin: Source | HubSource, query: URLSearchParams): Source {
  if (!isHub(origin)) return origin;
  const name = query.get('host');
  if (name !== null) return hostOf(origin, name);
  throw new HttpError(400, "this hub keeps several hosts: add host=NAME; '/api/v1/hosts' lists them");
}
