import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FixtureSource } from '../../../test/support/fixture-source.ts';
import { ManualClock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import type { Feedback, FeedbackWish } from '../../model/feedback.ts';
import type { Incident } from '../../model/incident.ts';
import { createServer, type HttpServer, type ServerOptions } from '../server.ts';
import { createLoginCode } from './login-code.ts';
import { createToken, readTokens, revokeToken } from './token-file.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const OWNER = 'a-token-that-a-person-chose';
const root = mkdtempSync(join(tmpdir(), 'homeostat-access-'));
const servers: HttpServer[] = [];
const logged: string[] = [];
const note = (message: string): void => void logged.push(message);
const log = { debug: note, info: note, warn: note, error: note };

let clock: ManualClock;
let folder: string;
let address: string;
let source: FixtureSource;
let said: Feedback[];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: Record<string, unknown>;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON, or as it is. */
  readonly body?: unknown;
}

/** As a program asks: without the headers that a browser adds. */
function ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const type: Record<string, string> = text === undefined ? {} : { 'Content-Type': 'application/json' };
    const all = { ...type, ...headers };
    const request = httpRequest({ hostname, port, path, method, headers: all, agent: false }, (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        received += chunk;
      });
      response.on('end', () => {
        const json = received.startsWith('{') ? (JSON.parse(received) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, json });
      });
    });
    request.on('error', reject);
    request.end(text);
  });
}

const api = (path: string, options?: Ask): Promise<Answer> => ask(`/api/v1/${path}`, options);

/** What a browser adds to what a page of ours sends. */
const ownPage = (): Record<string, string> => ({ Origin: address, 'Sec-Fetch-Site': 'same-origin' });

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

const token = (name: string, role: 'view' | 'operate' | 'admin', forMs?: number): string =>
  createToken(folder, {
    ...{ name, role, at: clock.now() },
    ...(forMs !== undefined && { expiresAt: clock.now() + forMs }),
  });

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  const server = createServer({
    ...{ source, host: '127.0.0.1', port: 0, webFolder: root, clock, folder, log },
    feedback: {
      of: (incident) => said.filter((one) => one.incident === incident),
      intend: (incident, wish, applied) => {
        const feedback = feedbackOf(incident, wish);
        if (applied) said.push(feedback);
        return { feedback, would: { muted: [incident.id], told: 1, confirmed: [] }, applied };
      },
      undo: (id) => said.find((one) => one.id === id),
    },
    ...options,
  });
  servers.push(server);
  address = (await server.listen()).address.replace('0.0.0.0', '127.0.0.1');
}

const feedbackOf = ({ id, host, cause, severity }: Incident, wish: FeedbackWish): Feedback => ({
  ...{ id: `f-${said.length}`, incident: id, host, cause, severity, at: clock.now() },
  ...{ verdict: wish.verdict, kinds: ['machine'] },
  ...(wish.expiresAt !== undefined && { expiresAt: wish.expiresAt }),
});

const incident = (): string => source.archive.list({})[0]!.id;

/** A browser that signed in with a token: its cookie and the token for its changes. */
async function signedIn(secret: string, cookie = ''): Promise<Record<string, string>> {
  const headers = { ...ownPage(), cookie };
  const answer = await api('session', { method: 'POST', headers, body: { token: secret } });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return await browserOf(answer);
}

async function browserOf({ headers }: Answer): Promise<Record<string, string>> {
  const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const { csrfToken } = (await api('session', { headers: { cookie } })).json;
  return { ...ownPage(), cookie, 'X-CSRF-Token': String(csrfToken) };
}

before(() => writeFileSync(join(root, 'index.html'), '<!doctype html><title>Homeostat</title>'));
beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 2, 1, 12));
  folder = mkdtempSync(join(root, 'data-'));
  source = new FixtureSource(clock);
  said = [];
  logged.length = 0;
  await start();
});
after(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(root, { recursive: true });
});

describe('who may look', () => {
  test('on loopback everybody, unless signing in is always asked for', async () => {
    assert.equal((await api('status')).status, 200);
    await start({ signIn: 'always' });
    assert.equal((await api('status')).status, 401);
    assert.equal((await api('stream')).status, 401);
    assert.equal((await api('status', { headers: bearer(token('anna', 'view')) })).status, 200);
  });

  test('on another address whoever has a named token, which is enough to start there', async () => {
    await assert.rejects(start({ host: '0.0.0.0' }), UserError);
    const secret = token('anna', 'view');
    await start({ host: '0.0.0.0' });
    assert.equal((await api('status')).status, 401);
    assert.equal((await api('status', { headers: bearer(secret) })).status, 200);
  });

  test('nobody with a token that is wrong, damaged or for enrolment, and it is logged', async () => {
    const secret = token('anna', 'view');
    for (const wrong of [
      `${secret}x`,
      secret.slice(0, -1),
      secret.toUpperCase(),
      readTokens(folder)[0]!.hash,
    ])
      assert.equal((await api('status', { headers: bearer(wrong) })).status, 401);
    const enrolment = await api('status', { headers: bearer('hst1_abc') });
    assert.match(String(enrolment.json.error), /enrols a host at a hub/);
    assert.equal(
      logged.filter((line) => line.includes('refused to let somebody in from 127.0.0.1')).length,
      5,
    );
  });
});

describe('named tokens', () => {
  test('are kept hashed, in a file of their owner, and printed by nothing', () => {
    const secret = token('anna', 'operate', DAY);
    const kept = JSON.stringify(readTokens(folder));
    assert.doesNotMatch(kept, new RegExp(secret.slice(5)));
    assert.equal(statSync(join(folder, 'tokens.json')).mode & 0o777, 0o600);
  });

  test('refuse names that would deceive whoever reads them, and names that are taken', () => {
    token('anna', 'view');
    for (const name of [
      '',
      'anna',
      '-x',
      '../x',
      'a b',
      'a\n',
      '\u202eanna',
      '\u001b[2J',
      'a'.repeat(65),
      '__proto__',
    ])
      assert.throws(() => token(name, 'view'), UserError, JSON.stringify(name));
    assert.equal(readTokens(folder).length, 1);
  });

  test('expire, and say so', async () => {
    const secret = token('anna', 'view', DAY);
    clock.advance(DAY - 1);
    assert.equal((await api('session', { headers: bearer(secret) })).status, 200);
    clock.advance(1);
    const { status, json } = await api('session', { headers: bearer(secret) });
    assert.deepEqual([status, /'anna' expired/.test(String(json.error))], [401, true]);
    assert.match(logged.at(-1) ?? '', /the token anna, which expired/);
  });

  test('end at once when they are revoked, with every session that began with them', async () => {
    await start({ signIn: 'always' });
    const secret = token('anna', 'view');
    const browser = await signedIn(secret);
    assert.equal((await api('status', { headers: browser })).status, 200);
    revokeToken(folder, 'anna');
    assert.equal((await api('status', { headers: browser })).status, 401);
    assert.equal((await api('status', { headers: bearer(secret) })).status, 401);
    // One of the same name is another token.
    token('anna', 'admin');
    assert.equal((await api('status', { headers: browser })).status, 401);
  });

  test('cut a live stream when they are revoked', async () => {
    const secret = token('anna', 'admin');
    const ended = new Promise<void>((resolve, reject) => {
      const stream = httpRequest(`${address}/api/v1/stream`, { headers: bearer(secret) }, (response) => {
        response.resume().on('end', resolve);
        api('tokens/anna', { method: 'DELETE', headers: bearer(secret) }).catch(reject);
      });
      stream.on('error', reject).end();
    });
    await ended;
  });

  test('let nobody in where their file is damaged', async () => {
    const secret = token('anna', 'admin');
    writeFileSync(join(folder, 'tokens.json'), '{"schema":1,"tokens":[{"name":"eve"}]}');
    assert.equal((await api('tokens', { headers: bearer(secret) })).status, 401);
    assert.ok(logged.some((line) => /tokens\.json cannot be read/.test(line)));
  });
});

describe('a login link', () => {
  const link = (code: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(`/?login=${encodeURIComponent(code)}`, { headers });
  const code = (): string => createLoginCode(folder, { name: 'root (link)', role: 'operate' }, clock.now());

  test('lets one in, once, with the role it was made for', async () => {
    const made = code();
    const answer = await link(made);
    assert.equal(answer.status, 200);
    const { name, role } = (await api('session', { headers: await browserOf(answer) })).json;
    assert.deepEqual([name, role], ['root (link)', 'operate']);
    assert.equal((await link(made)).status, 401);
  });

  test('lets one in of many that use it at the same time', async () => {
    const made = code();
    const answers = await Promise.all(Array.from({ length: 8 }, () => link(made)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)]);
  });

  test('holds five minutes, and not before it was made', async () => {
    const early = code();
    clock.jump(-1);
    assert.equal((await link(early)).status, 401);
    clock.jump(1);
    const late = code();
    clock.advance(5 * 60_000);
    assert.equal((await link(late)).status, 401);
  });

  test('is not used up by a browser that loads it ahead', async () => {
    const made = code();
    assert.equal((await link(made, { 'Sec-Purpose': 'prefetch;prerender' })).status, 403);
    assert.equal((await link(made)).status, 200);
  });

  test('is nothing else than its code', async () => {
    for (const wrong of ['', '..', '../tokens.json', '%00', 'x'.repeat(4000)])
      assert.equal((await link(wrong)).status, 401, wrong);
  });
});

describe('a session', () => {
  test('has a cookie that scripts and other sites cannot use, and that is secure behind HTTPS', async () => {
    const secret = token('anna', 'operate');
    const plain = await api('session', { method: 'POST', headers: ownPage(), body: { token: secret } });
    assert.match(
      plain.headers['set-cookie']?.[0] ?? '',
      /^homeostat-\d+=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    const headers = { ...ownPage(), Origin: address.replace('http', 'https') };
    const secure = await api('session', { method: 'POST', headers, body: { token: secret } });
    assert.match(secure.headers['set-cookie']?.[0] ?? '', /; Secure$/);
  });

  test('has an id that nobody brought along (fixation), and ends the one before it', async () => {
    const name = `homeostat-${new URL(address).port}`;
    const chosen = `${name}=${'A'.repeat(43)}`;
    const first = await signedIn(token('anna', 'operate'), chosen);
    assert.notEqual(first.cookie, chosen);
    assert.equal((await api('session', { headers: { cookie: chosen } })).json.signedIn, false);
    const second = await signedIn(token('ben', 'operate'), first.cookie);
    assert.equal((await api('session', { headers: first })).json.signedIn, false);
    assert.equal((await api('session', { headers: second })).json.name, 'ben');
  });

  test('ends after twelve hours without use, and after a week in any case', async () => {
    const browser = await signedIn(token('anna', 'view'));
    const isIn = async () => (await api('session', { headers: browser })).json.signedIn;
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      assert.equal(await isIn(), true, `${hours} h`);
      clock.advance(11 * HOUR);
    }
    clock.advance(11 * HOUR);
    assert.equal(await isIn(), false);
    const idle = await signedIn(token('ben', 'view'));
    clock.advance(12 * HOUR);
    assert.equal((await api('session', { headers: idle })).json.signedIn, false);
  });

  test('is not prolonged by a clock that is set back', async () => {
    const browser = await signedIn(token('anna', 'view'));
    clock.jump(-30 * DAY);
    clock.advance(12 * HOUR);
    assert.equal((await api('session', { headers: browser })).json.signedIn, false);
  });

  test('does not outlive its token, and says when it ends', async () => {
    const browser = await signedIn(token('anna', 'view', HOUR));
    assert.equal((await api('session', { headers: browser })).json.expiresAt, clock.now() + HOUR);
    clock.advance(HOUR);
    assert.equal((await api('session', { headers: browser })).json.signedIn, false);
  });

  test('is ended by whoever has it, and by no other site', async () => {
    const browser = await signedIn(token('anna', 'view'));
    const { 'X-CSRF-Token': _, ...without } = browser;
    assert.equal((await api('session', { method: 'DELETE', headers: without })).status, 403);
    const ended = await api('session', { method: 'DELETE', headers: browser });
    assert.match(ended.headers['set-cookie']?.[0] ?? '', /Max-Age=0/);
    assert.equal((await api('session', { headers: browser })).json.signedIn, false);
    assert.equal((await api('session', { method: 'DELETE', headers: browser })).status, 401);
  });
});

describe('a change', () => {
  const verdict = { verdict: 'confirmed' };
  const say = (headers: Record<string, string>, body: unknown = verdict): Promise<Answer> =>
    api(`incidents/${incident()}/feedback`, { method: 'POST', headers, body });

  test('needs somebody, also where everybody may look', async () => {
    assert.equal((await say(ownPage())).status, 401);
    assert.equal((await say({})).status, 403);
    assert.deepEqual(said, []);
  });

  test('needs the role', async () => {
    const view = await say(bearer(token('anna', 'view')));
    assert.deepEqual([view.status, /needs operate/.test(String(view.json.error))], [403, true]);
    assert.match(logged.at(-1) ?? '', /refused: anna \(view\) may not POST/);
    const operator = bearer(token('ben', 'operate'));
    assert.equal((await say(operator)).status, 200);
    assert.equal((await api('tokens', { headers: operator })).status, 403);
    assert.equal((await api('tokens/anna', { method: 'DELETE', headers: operator })).status, 403);
    const admin = bearer(token('cleo', 'admin'));
    assert.equal((await api('tokens/anna', { method: 'DELETE', headers: admin })).status, 200);
    const { tokens } = (await api('tokens', { headers: admin })).json;
    assert.deepEqual(
      (tokens as { name: string }[]).map(({ name }) => name),
      ['ben', 'cleo'],
    );
    assert.doesNotMatch(JSON.stringify(tokens), /hash/);
  });

  test('shows its effect first, is made, logged with who did it, and can be undone', async () => {
    const browser = await signedIn(token('ben', 'operate'));
    const shown = await api(`incidents/${incident()}/feedback/preview?verdict=normal&expires=90d`);
    assert.deepEqual([shown.json.applied, said], [false, []]);
    const made = await say(browser, { verdict: 'normal', expires: '90d' });
    assert.deepEqual([made.status, made.json.applied], [200, true]);
    assert.equal(said[0]?.expiresAt, clock.now() + 90 * DAY);
    assert.match(logged.at(-1) ?? '', /^ben \(operate\): POST 'incidents\/.*"verdict":"normal"/);
    const { feedback } = (await api(`incidents/${incident()}/feedback`)).json;
    assert.deepEqual(feedback, JSON.parse(JSON.stringify(said)));
    const undone = await api(`feedback/${said[0]!.id}`, { method: 'DELETE', headers: browser });
    assert.equal(undone.status, 200);
    assert.equal((await api('feedback/nosuch', { method: 'DELETE', headers: browser })).status, 404);
  });

  test('of a session needs its own token against forgery', async () => {
    const browser = await signedIn(token('ben', 'operate'));
    const other = await signedIn(token('cleo', 'operate'));
    const { 'X-CSRF-Token': own = '', ...without } = browser;
    for (const forged of ['', 'null', own.slice(1), `${own}x`, other['X-CSRF-Token']!])
      assert.equal((await say({ ...without, 'X-CSRF-Token': forged })).status, 403, forged);
    assert.equal((await say(without)).status, 403);
    assert.deepEqual(said, []);
    assert.equal((await say(browser)).status, 200);
  });

  test('of another site, another port, a sandbox, or nobody that says where it is, is refused', async () => {
    const browser = await signedIn(token('ben', 'operate'));
    const { Origin: _, ...nameless } = browser;
    const refused: readonly Record<string, string>[] = [
      { ...browser, Origin: 'http://evil.example' },
      { ...browser, Origin: 'null' },
      { ...browser, Origin: 'http://127.0.0.1:1' },
      { ...browser, 'Sec-Fetch-Site': 'cross-site' },
      { ...browser, 'Sec-Fetch-Site': 'same-site' },
      { ...browser, 'Sec-Fetch-Site': 'none' },
      {
        ...browser,
        'Sec-Fetch-Site': 'cross-site',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'document',
      },
      nameless,
    ];
    for (const headers of refused) assert.equal((await say(headers)).status, 403, JSON.stringify(headers));
    assert.deepEqual(said, []);
  });

  test('under a name that is not ours (DNS rebinding) is refused, and so is to sign in there', async () => {
    const secret = token('ben', 'operate');
    const browser = await signedIn(secret);
    const rebound = { Host: 'evil.example', Origin: 'http://evil.example' };
    assert.equal((await say({ ...browser, ...rebound })).status, 421);
    assert.equal((await say({ ...bearer(secret), ...rebound })).status, 421);
    const session = { method: 'POST', headers: rebound, body: { token: secret } };
    assert.equal((await api('session', session)).status, 421);
  });

  test('to sign in must come from a page of ours', async () => {
    const body = { token: token('eve', 'admin') };
    for (const headers of [{}, { Origin: 'http://evil.example' }, { ...ownPage(), 'Sec-Fetch-Site': 'none' }])
      assert.equal((await api('session', { method: 'POST', headers, body })).status, 403);
  });

  test('comes as JSON, whatever a form could send, and is small and whole', async () => {
    const browser = await signedIn(token('ben', 'operate'));
    const types = [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'text/plain; application/json',
      'application/json; charset=utf-7',
    ];
    for (const type of types)
      assert.equal((await say({ ...browser, 'Content-Type': type })).status, 415, type);
    const wrong: readonly (readonly [body: unknown, status: number])[] = [
      ['{"verdict":', 400],
      ['[]', 400],
      ['null', 400],
      [{}, 400],
      [{ verdict: 'beautiful' }, 400],
      [{ ...verdict, more: 1 }, 400],
      ['{"verdict":"confirmed","__proto__":{"role":"admin"}}', 400],
      [{ verdict: 'normal', expires: 'soon' }, 400],
      [{ verdict: 'normal', thisHour: 'yes' }, 400],
      [JSON.stringify({ verdict: 'x'.repeat(65 * 1024) }), 413],
    ];
    for (const [body, status] of wrong)
      assert.equal((await say(browser, body)).status, status, String(body).slice(0, 60));
    assert.deepEqual(said, []);
  });

  test('answers with the same headers against frames and scripts of others', async () => {
    const answer = await say(bearer(token('ben', 'operate')));
    assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal(answer.headers['x-frame-options'], 'DENY');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });

  test('a method that a path does not have is named with those it has', async () => {
    const { status, headers } = await api('session', { method: 'PUT' });
    assert.deepEqual([status, headers.allow], [405, 'GET, POST, DELETE']);
    assert.equal((await api('tokens/x')).headers.allow, 'DELETE');
  });

  test('text that people chose is shown harmlessly', async () => {
    const hostile = encodeURIComponent('\u001b[2J\u202e<b>\n');
    const admin = bearer(token('cleo', 'admin'));
    const { json } = await api(`tokens/${hostile}`, { method: 'DELETE', headers: admin });
    assert.match(String(json.error), /\\x1b\[2J\\u202e<b>\\x0a/);
    for (const line of logged) assert.doesNotMatch(line, /[\u0000-\u001f\u202e]/);
  });
});

describe('guessing', () => {
  test('is slowed down by address, for what a person chose, and not for who is known', async () => {
    await start({ token: OWNER });
    const secret = token('anna', 'view');
    const guess = (word: string) => api('status', { headers: bearer(word) });
    for (let attempt = 0; attempt < 10; attempt++)
      assert.equal((await guess(`wrong-${attempt}`)).status, 401);
    assert.equal((await guess(OWNER)).status, 429);
    assert.equal((await ask(`/?token=${OWNER}`)).status, 429);
    assert.equal((await ask('/?login=x')).status, 429);
    assert.equal((await guess(secret)).status, 200);
    assert.equal(logged.filter((line) => line.startsWith('refused to let')).length, 10);
    clock.advance(60_000);
    assert.equal((await guess(OWNER)).status, 200);
  });
});
