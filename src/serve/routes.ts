import * as v from 'valibot';
import { parseDuration } from '../lib/units.ts';
import type { FeedbackAnswer } from '../model/feedback.ts';
import type { HostsAnswer } from '../model/host.ts';
import { HttpError } from './http-error.ts';
import { evidence, incidentOf, incidents, namedIncident } from './incidents.ts';
import { anomaliesQuery, anomaly, described, history, processes, processHistory } from './machine.ts';
import { quoted } from './parameters.ts';
import { type AboutMachine, type Asked, type Change, change, type Reading } from './route.ts';
import { type FeedbackDesk, hostOf, isHub } from './source.ts';

const PERIOD = ['from', 'to', 'limit'] as const;
const VERDICTS = ['normal', 'confirmed', 'acknowledged'] as const;

type More = Partial<Pick<Reading, 'parameters' | 'many' | 'role'>>;

/** About one machine: of a hub the one that `host` names. */
const ofMachine = (
  path: string,
  about: string,
  answer: (asked: AboutMachine) => unknown,
  more: More = {},
): Reading => ({ path, about, role: 'view', host: 'must', answer, ...more });

/** About all that there is; of a hub `host` may name one of its hosts. */
const ofAll = (path: string, about: string, answer: (asked: Asked) => unknown, more: More = {}): Reading => ({
  path,
  about,
  role: 'view',
  host: 'may',
  answer,
  ...more,
});

/** About no machine. */
const ofServer = (
  path: string,
  about: string,
  answer: (asked: Asked) => unknown,
  more: More = {},
): Reading => ({ path, about, role: 'view', host: 'none', answer, ...more });

/** What `/api/v1/` answers to GET, the live stream excepted. */
export const READINGS: readonly Reading[] = [
  ofServer('hosts', 'the hosts of a hub; none of a single machine', ({ origin, clock }) => {
    const hub = isHub(origin);
    return { hub, at: clock.now(), hosts: hub ? origin.hosts() : [] } satisfies HostsAnswer;
  }),
  ofServer('bus', 'how a hub takes events', ({ origin }) => {
    if (isHub(origin)) return origin.bus();
    throw new HttpError(404, 'this is no hub, so it has no bus: a hub answers there');
  }),
  ofMachine('status', 'what is seen, learned and found now', ({ source }) => source.status()),
  ofMachine('series', 'every series that is kept', ({ source }) => ({
    series: source.history.series().map(described),
  })),
  ofMachine('history', 'what was measured in a period', history, {
    parameters: ['metric', 'from', 'to', 'resolution', 'maxPoints'],
    many: ['metric'],
  }),
  ofMachine('bands', 'what is expected of each series', ({ source }) => ({ bands: source.bands() })),
  ofMachine('processes', 'processes now, or at a moment that is over', processes, {
    parameters: ['sort', 'order', 'filter', 'limit', 'at'],
  }),
  ofMachine('processes/{id}/history', "a process's life by the minute", processHistory, {
    parameters: ['from', 'to'],
  }),
  ofMachine(
    'profiles',
    'what kinds of processes usually do',
    ({ source, parameters }) => source.profiles(parameters.text('executable')),
    { parameters: ['executable'] },
  ),
  ofAll('anomalies', 'what was unusual, newest first', anomalies, { parameters: PERIOD }),
  ofMachine('anomalies/{id}', 'one anomaly', anomaly),
  ofMachine(
    'breaches',
    'limits that were crossed, newest first',
    ({ source, parameters }) => ({ breaches: source.history.breaches(anomaliesQuery(parameters)) }),
    { parameters: PERIOD },
  ),
  ofMachine(
    'recommendations',
    'what could be done now; of an incident, what is about it',
    ({ source, parameters }) => {
      const id = parameters.text('incident');
      return source.advice(id === undefined ? undefined : namedIncident(source.archive, id));
    },
    { parameters: ['incident'] },
  ),
  ofMachine('forecasts', 'what runs full, and when', ({ source }) => ({ forecasts: source.forecasts() })),
  ofAll('incidents', 'incidents, newest first', incidents, { parameters: [...PERIOD, 'open'] }),
  ofAll('incidents/{id}', 'one incident, by its id or how that begins', incidentOf),
  ofAll('incidents/{id}/evidence', 'what was measured around an incident', evidence, {
    parameters: ['metric'],
    many: ['metric'],
  }),
  ofAll('incidents/{id}/feedback', 'what people said of an incident that holds', (asked) => ({
    feedback: asked.feedback?.of(incidentOf(asked).id) ?? [],
  })),
  ofAll('incidents/{id}/feedback/preview', 'what saying it would have changed', preview, {
    parameters: ['verdict', 'thisHour', 'expires'],
  }),
  ofMachine('coverage', 'what is not seen, and why', ({ source }) => source.status().coverage ?? null),
  ofServer('session', 'who asks, and what they may', ({ door, caller }) => door.session(caller), {
    role: null,
  }),
  ofServer('tokens', 'the named tokens, without their secrets', ({ door }) => ({ tokens: door.tokens() }), {
    role: 'admin',
  }),
];

/** What `/api/v1/` lets people change. */
export const CHANGES: readonly Change[] = [
  change({
    ...{ method: 'POST', path: 'session', about: 'sign in with a token', role: null },
    body: v.strictObject({ token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)) }),
    answer: ({ signIn }, { token }) => signIn(token),
  }),
  change({
    ...{ method: 'DELETE', path: 'session', about: 'sign out', role: 'view' },
    body: undefined,
    answer: ({ signOut }) => signOut(),
  }),
  change({
    ...{ method: 'POST', path: 'incidents/{id}/feedback', about: 'say something of an incident' },
    role: 'operate',
    body: v.strictObject({
      verdict: v.picklist(VERDICTS),
      thisHour: v.exactOptional(v.boolean()),
      expires: v.exactOptional(v.pipe(v.string(), v.maxLength(20))),
    }),
    answer: (asked, { verdict, thisHour = false, expires }) => {
      const wish = { verdict, thisHour, ...momentIn(expires, asked.clock.now()) };
      return deskOf(asked).intend(incidentOf(asked), wish, true);
    },
  }),
  change({
    ...{ method: 'DELETE', path: 'feedback/{id}', about: 'take back what was said', role: 'operate' },
    body: undefined,
    answer: (asked) => {
      const undone = deskOf(asked).undo(asked.id);
      if (undone) return undone;
      throw new HttpError(
        404,
        `nothing that holds is called ${quoted(asked.id)}: it may be taken back already`,
      );
    },
  }),
  change({
    ...{ method: 'DELETE', path: 'tokens/{id}', about: 'revoke a named token', role: 'admin' },
    body: undefined,
    answer: ({ door, id }) => {
      const revoked = door.revoke(id);
      if (revoked) return revoked;
      throw new HttpError(404, `no token is called ${quoted(id)}: /api/v1/tokens lists them`);
    },
  }),
];

function anomalies({ origin, parameters }: Asked) {
  const query = anomaliesQuery(parameters);
  const host = parameters.text('host');
  if (!isHub(origin)) return { anomalies: origin.history.anomalies(query) };
  const found = host === undefined ? origin.anomalies(query) : hostOf(origin, host).history.anomalies(query);
  return { anomalies: found };
}

function preview(asked: Asked): FeedbackAnswer {
  const { parameters, clock } = asked;
  const verdict = parameters.choice('verdict', VERDICTS);
  if (!verdict)
    throw new HttpError(400, `parameter 'verdict' is missing: give one of ${VERDICTS.join(', ')}`);
  const thisHour = parameters.choice('thisHour', ['true', 'false']) === 'true';
  const expiresAt = momentIn(parameters.text('expires'), clock.now());
  return deskOf(asked).intend(incidentOf(asked), { verdict, thisHour, ...expiresAt }, false);
}

function deskOf({ feedback }: Asked): FeedbackDesk {
  if (feedback) return feedback;
  throw new HttpError(404, 'nothing can be said of incidents here');
}

/** A span from now, such as 90d, as the moment of its end. */
function momentIn(span: string | undefined, now: number): { readonly expiresAt?: number } {
  if (span === undefined) return {};
  const ms = parseDuration(span);
  if (ms !== undefined && ms > 0) return { expiresAt: now + ms };
  throw new HttpError(400, `'expires' is ${quoted(span)}: give a span of time such as 90d`);
}
