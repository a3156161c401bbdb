import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FixtureSource } from '../../test/support/fixture-source.ts';
import { ManualClock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { createServer, type HttpServer, type ServerOptions } from './server.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const TOKEN = 'a-token-of-a-test-0123456789';
const USER = 'system.cpu.utilization{cpu.mode=user}';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

const clock = new ManualClock(NOW);
const source = new FixtureSource(clock);
const webFolder = mkdtempSync(join(tmpdir(), 'homeostat-web-'));
const servers: HttpServer[] = [];

async function started(options: Partial<ServerOptions> = {}): Promise<string> {
  const server = createServer({ source, host: '127.0.0.1', port: 0, webFolder, clock, ...options });
  const { address } = await server.listen();
  servers.push(server);
  return address;
}

function ask(
  address: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(address);
    // The path goes out as it is: URL would clean it.
    const request = httpRequest({ hostname, port, path, headers, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json') && text !== '';
        const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

let address = '';
before(async () => {
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html><title>Homeostat</title>');
  writeFileSync(join(webFolder, 'app.js'), 'export {};');
  writeFileSync(join(webFolder, '.stamp'), 'not for strangers');
  address = await started();
});
after(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(webFolder, { recursive: true });
});

describe('the API answers', () => {
  test('status as the source gives it', async () => {
    const { status, json } = await ask(address, '/api/v1/status');
    assert.equal(status, 200);
    assert.deepEqual(json, JSON.parse(JSON.stringify(source.status())));
  });

  test('coverage as in the status', async () => {
    const { json } = await ask(address, '/api/v1/coverage');
    assert.deepEqual(json, JSON.parse(JSON.stringify(source.status().coverage)));
  });

  test('series with unit, group and label', async () => {
    const { json } = await ask(address, '/api/v1/series');
    const all = json.series as Record<string, unknown>[];
    const user = all.find((one) => one.key === USER);
    assert.equal(all.length, source.history.series().length);
    assert.deepEqual(
      {
        unit: user?.unit,
        group: user?.group,
        label: user?.label,
        attributes: user?.attributes,
      },
      { unit: '1', group: 'cpu', label: 'CPU user time', attributes: { 'cpu.mode': 'user' } },
    );
  });

  test('history as arrays, by milliseconds and by ISO time alike', async () => {
    const query = `metric=${encodeURIComponent(USER)}&metric=system.disk.await`;
    const one = await ask(address, `/api/v1/history?${query}&from=${NOW - 10_000}&to=${NOW}`);
    const from = new Date(NOW - 10_000).toISOString();
    const other = await ask(address, `/api/v1/history?${query}&from=${from}&to=2026-03-01T13:00:00%2B01:00`);
    assert.equal(one.text, other.text);
    const frames = one.json.frames as { metric: string; unit: string; at: number[]; mean: number[] }[];
    assert.equal(one.json.stepSeconds, 1);
    assert.deepEqual(
      frames.map(({ metric, unit }) => [metric, unit]),
      [
        [USER, '1'],
        ['system.disk.await', 's'],
      ],
    );
    assert.equal(frames[0]?.at.length, 10);
    assert.equal(frames[0]?.mean.length, 10);
  });

  test('history with what is missing as an empty frame and not a number as null', async () => {
    const hole = new FixtureSource(clock);
    const at = Float64Array.of(NOW);
    const mean = Float64Array.of(Number.NaN);
    hole.history.query = () => ({
      stepSeconds: 1,
      frames: [{ metric: USER, unit: '1', at, mean, min: mean, max: mean }],
    });
    const { text } = await ask(await started({ source: hole }), `/api/v1/history?metric=${USER}`);
    assert.match(text, /"mean":\[null\]/);
    assert.doesNotMatch(text, /NaN/);
  });

  test('bands by key', async () => {
    const { json } = await ask(address, '/api/v1/bands');
    assert.deepEqual(json.bands, source.bands());
  });

  test('processes sorted, filtered and limited', async () => {
    const all = await ask(address, '/api/v1/processes');
    assert.equal((all.json.processes as unknown[]).length, source.processes()?.processes.length);
    const { json } = await ask(address, '/api/v1/processes?sort=memory&order=desc&filter=POSTGRES&limit=3');
    const found = json.processes as { name: string; rss: number }[];
    assert.equal(found.length, 3);
    assert.ok(found.every(({ name }) => name === 'postgres'));
    assert.ok(found[0]!.rss >= found[1]!.rss && found[1]!.rss >= found[2]!.rss);
    const ids = ({ json: { processes } }: typeof all) => (processes as { id: string }[]).map(({ id }) => id);
    for (const sort of ['cpu', 'read', 'name', 'started'])
      assert.deepEqual(
        ids(await ask(address, `/api/v1/processes?sort=${sort}&limit=7`)),
        ids(await ask(address, `/api/v1/processes?sort=${sort}`)).slice(0, 7),
      );
  });

  test('processes of a moment that is over, with the means of its minute', async () => {
    const { json } = await ask(address, `/api/v1/processes?at=${NOW - 90_000}&filter=postgres&limit=2`);
    assert.equal(json.at, Math.floor((NOW - 90_000) / 60_000) * 60_000);
    assert.equal((json.processes as unknown[]).length, 2);
    const before = await ask(address, '/api/v1/processes?at=2001-01-01T00:00:00Z');
    assert.deepEqual(before.json, { at: null, total: 0, processes: [], unreadable: {} });
  });

  test('profiles of kinds of processes, all or those whose path holds a text', async () => {
    const { json } = await ask(address, '/api/v1/profiles');
    assert.deepEqual(json, JSON.parse(JSON.stringify(source.profiles())));
    assert.ok((json.profiles as unknown[]).length > 1);
    const some = (await ask(address, '/api/v1/profiles?executable=postgres')).json.profiles as {
      kind: string;
    }[];
    assert.ok(some.length > 0 && some.every(({ kind }) => kind.includes('postgres')));
    assert.deepEqual((await ask(address, '/api/v1/profiles?executable=no-such')).json.profiles, []);
  });

  test("a process's own history, with null for what could not be seen", async () => {
    const root = source.processes()?.processes.find(({ readRate }) => readRate === undefined);
    const { json } = await ask(address, `/api/v1/processes/${root?.id}/history?from=${NOW - 600_000}`);
    assert.equal((json.process as { pid: number }).pid, root?.pid);
    assert.equal((json.at as number[]).length, 10);
    assert.deepEqual((json.readRate as unknown[])[0], null);
  });

  test('anomalies of a period, and one by its id', async () => {
    const all = (await ask(address, '/api/v1/anomalies')).json.anomalies as { id: string }[];
    const late = await ask(address, `/api/v1/anomalies?from=${NOW - 60_000}`);
    assert.equal(all.length, 3);
    assert.deepEqual(late.json.anomalies, [all[0]]);
    assert.deepEqual((await ask(address, `/api/v1/anomalies/${all[1]!.id}`)).json, all[1]);
    assert.deepEqual((await ask(address, '/api/v1/breaches')).json, { breaches: [] });
    assert.deepEqual((await ask(address, '/api/v1/forecasts')).json, { forecasts: [] });
    assert.deepEqual((await ask(address, '/api/v1/recommendations')).json, source.advice());
  });

  test('before anything was seen', async () => {
    const empty = await started({ source: new FixtureSource(clock, 'empty') });
    assert.deepEqual((await ask(empty, '/api/v1/processes')).json, {
      at: null,
      total: 0,
      processes: [],
      unreadable: {},
    });
    assert.deepEqual((await ask(empty, '/api/v1/series')).json, { series: [] });
    const frames = (await ask(empty, `/api/v1/history?metric=${USER}`)).json.frames;
    assert.deepEqual(frames, [{ metric: USER, unit: '1', at: [], mean: [], min: [], max: [] }]);
  });
});

describe('what is wrong in a request is named in one line', () => {
  const cases: readonly (readonly [path: string, status: number, says: RegExp])[] = [
    ['/api/v1/status?verbose=1', 400, /unknown parameter 'verbose'/],
    ['/api/v1/history', 400, /'metric' is missing/],
    [`/api/v1/history?metric=${USER}&from=yesterday`, 400, /'from' is 'yesterday'.*ISO 8601/],
    [`/api/v1/history?metric=${USER}&from=2026-03-01T12:00`, 400, /with a zone/],
    [`/api/v1/history?metric=${USER}&from=5&to=5`, 400, /'from' must lie before 'to'/],
    [`/api/v1/history?metric=${USER}&from=1&from=2`, 400, /'from' is given more than once/],
    [`/api/v1/history?metric=${USER}&resolution=7`, 400, /'resolution' is '7': give one of 1, 60, 3600/],
    [`/api/v1/history?metric=${USER}&maxPoints=1e9`, 400, /'maxPoints' is '1e9'/],
    [`/api/v1/history?metric=${USER}&maxPoints=0`, 400, /from 2 to 10000/],
    [`/api/v1/history?metric=${USER}&step=1`, 400, /unknown parameter 'step'/],
    [
      `/api/v1/history?${Array.from({ length: 65 }, (_, index) => `metric=a${index}`).join('&')}`,
      400,
      /at most 64/,
    ],
    ['/api/v1/history?metric=no.such', 404, /no metric is called 'no.such'/],
    [`/api/v1/history?metric=${USER.slice(0, -1)}`, 404, /no metric/],
    ['/api/v1/processes?sort=beauty', 400, /'sort' is 'beauty'/],
    ['/api/v1/processes?limit=-1', 400, /'limit' is '-1'/],
    ['/api/v1/processes/1f0c9e2a-1-1/history', 404, /no process '1f0c9e2a-1-1'/],
    ['/api/v1/processes/%E0%A4%A/history', 400, /percent/],
    ['/api/v1/profiles?kind=x', 400, /unknown parameter/],
    ['/api/v1/anomalies?limit=x', 400, /'limit' is 'x'/],
    ['/api/v1/anomalies/an-none', 404, /no anomaly is called 'an-none'/],
    ['/api/v1/recommendations?incident=none', 404, /no incident is called 'none'/],
    ['/api/v1/recommendations?what=all', 400, /what/],
    ['/api/v1/breaches?limit=0', 400, /limit/],
    ['/api/v1/stream?since=1', 400, /unknown parameter/],
    ['/api/v1/', 404, /see hosts, bus, status, series/],
    ['/api/v2/status', 404, /nothing at/],
    ['/api/v1/%1b%5b2J', 404, /nothing at/],
  ];
  for (const [path, status, says] of cases) {
    test(path.slice(0, 80), async () => {
      const answered = await ask(address, path);
      assert.equal(answered.status, status);
      assert.match(String(answered.json.error), says);
      assert.doesNotMatch(answered.text, /\n|\u001b/);
    });
  }

  test('any method but GET', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const { status, headers } = await ask(address, '/api/v1/status', {}, method);
      assert.deepEqual([status, headers.allow], [405, 'GET']);
    }
  });

  test('a source that fails is an error of the server, without a stack', async () => {
    const broken = new FixtureSource(clock);
    broken.history.query = () => {
      throw new Error('disk I/O error');
    };
    const { status, text } = await ask(await started({ source: broken }), `/api/v1/history?metric=${USER}`);
    assert.equal(status, 500);
    assert.match(text, /disk I\/O error/);
    assert.doesNotMatch(text, /at .*\.ts/);
  });
});

describe('the files of the dashboard', () => {
  test('are served with their types, a strict policy, and not again when known', async () => {
    const page = await ask(address, '/');
    assert.match(page.headers['content-type'] ?? '', /text\/html/);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*script-src 'self'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    const again = await ask(address, '/', { 'If-None-Match': page.headers.etag ?? '' });
    assert.equal(again.status, 304);
    assert.match((await ask(address, '/app.js')).headers['content-type'] ?? '', /javascript/);
  });

  const outside = [
    '/../package.json',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/x',
    '//etc/passwd',
    '/.stamp',
    '/app.js/',
    '/APP.JS',
    '/\\..\\x',
    '/app.js%00.css',
  ];
  for (const path of outside) {
    test(`nothing is at ${path}`, async () => {
      assert.equal((await ask(address, path)).status, 404);
    });
  }
});

describe('a browser that another site led here', () => {
  const refused: readonly (readonly [name: string, headers: Record<string, string>, status: number])[] = [
    ['under a name of another site (DNS rebinding)', { Host: 'evil.example:80' }, 421],
    ['under a name that only begins like ours', { Host: 'localhost.evil.example' }, 421],
    ['under an address that is not loopback', { Host: '192.168.1.7' }, 421],
    ['with a malformed Host', { Host: 'localhost@evil.example' }, 421],
    ['from another origin', { Origin: 'http://evil.example' }, 403],
    ['from a sandboxed page', { Origin: 'null' }, 403],
    ['from another port of this machine', { Origin: 'http://127.0.0.1:1' }, 403],
    ['from another site by fetch', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }, 403],
    ['from another port by fetch', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }, 403],
    [
      'in a frame',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
      403,
    ],
  ];
  for (const [name, headers, status] of refused) {
    test(`is refused ${name}`, async () => {
      for (const path of ['/', '/app.js', '/api/v1/status', '/api/v1/stream']) {
        assert.equal((await ask(address, path, headers)).status, status, path);
      }
    });
  }

  test('may follow a link, and our own pages may ask', async () => {
    const { host } = new URL(address);
    const link = {
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    };
    assert.equal((await ask(address, '/', link)).status, 200);
    const own = { Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' };
    assert.equal((await ask(address, '/api/v1/status', own)).status, 200);
    assert.equal((await ask(address, '/api/v1/status', { Host: 'localhost:8080' })).status, 200);
    assert.equal((await ask(address, '/api/v1/status', { Host: '[::1]:8080' })).status, 200);
  });
});

describe('with a token', () => {
  let guarded = '';
  before(async () => {
    guarded = await started({ token: TOKEN, host: '0.0.0.0' });
    guarded = guarded.replace('0.0.0.0', '127.0.0.1');
  });

  test('the page itself is there to sign in, and says who is', async () => {
    assert.equal((await ask(guarded, '/')).status, 200);
    const { signedIn, readingIsOpen } = (await ask(guarded, '/api/v1/session')).json;
    assert.deepEqual([signedIn, readingIsOpen], [false, false]);
  });

  test('nothing of the machine is answered without it', async () => {
    for (const path of ['/api/v1/status', '/api/v1/stream', '/api/v1/tokens']) {
      assert.equal((await ask(guarded, path)).status, 401, path);
    }
    const wrong = [`Bearer ${TOKEN}x`, 'Bearer', `Basic ${TOKEN}`, `Bearer ${TOKEN.slice(1)}`];
    for (const authorization of wrong) {
      assert.equal((await ask(guarded, '/api/v1/status', { authorization })).status, 401, authorization);
    }
    assert.equal((await ask(guarded, `/api/v1/status?token=${TOKEN}`)).status, 401);
    assert.equal((await ask(guarded, '/?token=wrong')).status, 401);
  });

  test('a name that is not ours is told what is: to be bound to all addresses is no address', async () => {
    const { status, text } = await ask(guarded, '/', { Host: 'evil.example' });
    assert.equal(status, 421);
    assert.match(text, /open it as an address of this machine or /);
  });

  test('a bearer is let in', async () => {
    assert.equal((await ask(guarded, '/api/v1/status', { authorization: `Bearer ${TOKEN}` })).status, 200);
  });

  test('a login link sets a cookie that scripts and other sites cannot use', async () => {
    const { status, headers } = await ask(guarded, `/?token=${TOKEN}`);
    const [cookie = ''] = headers['set-cookie'] ?? [];
    assert.equal(status, 200);
    assert.match(cookie, /HttpOnly/);
    assert.match(cookie, /SameSite=Strict/);
    assert.doesNotMatch(cookie, new RegExp(TOKEN));
    const [pair = ''] = cookie.split(';');
    assert.equal((await ask(guarded, '/api/v1/status', { cookie: `theme=dark; ${pair}` })).status, 200);
    assert.equal((await ask(guarded, '/api/v1/status', { cookie: `${pair}x` })).status, 401);
  });
});

describe('a server that cannot start says why', () => {
  const wrong: readonly (readonly [name: string, options: Partial<ServerOptions>, says: RegExp])[] = [
    ['an open address without a token', { host: '0.0.0.0' }, /0\.0\.0\.0 can be reached.*no token is set/],
    ['a token that is too short', { host: '0.0.0.0', token: 'short' }, /the token has 5 characters/],
    ['no folder', { webFolder: '/nonexistent/web' }, /folder \/nonexistent\/web cannot be read.*build/],
    [
      'an address of another machine',
      { host: '203.0.113.9', token: TOKEN },
      /203\.0\.113\.9 is not one of this machine/,
    ],
  ];
  for (const [name, options, says] of wrong) {
    test(name, async () => {
      await assert.rejects(
        started(options),
        (error) => error instanceof UserError && says.test(error.message),
      );
    });
  }

  test('a port in use', async () => {
    const port = Number(new URL(address).port);
    await assert.rejects(
      started({ port }),
      (error) =>
        error instanceof UserError && error.message.startsWith(`port ${port} on 127.0.0.1 is in use`),
    );
  });
});

test('headers of more than 16 kB are refused', async () => {
  assert.equal((await ask(address, '/', { 'X-Long': 'x'.repeat(20_000) })).status, 431);
});

test('after close nobody is connected and the port is free', async () => {
  const server = createServer({ source, host: '127.0.0.1', port: 0, webFolder, clock });
  const { port } = new URL((await server.listen()).address);
  const socket = connect(Number(port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await server.close();
  await closed;
  await server.close();
  const next = createServer({ source, host: '127.0.0.1', port: Number(port), webFolder, clock });
  await next.listen();
  await next.close();
});
