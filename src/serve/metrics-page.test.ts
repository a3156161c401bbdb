import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FixtureHub } from '../../test/support/fixture-hub.ts';
import { FixtureSource } from '../../test/support/fixture-source.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { Exposition } from '../model/exposition.ts';
import { createServer, type ServerOptions } from './server.ts';

const TOKEN = 'a-token-of-a-test-0123456789';
const clock = new ManualClock(Date.UTC(2026, 2, 1, 12));

async function served(t: TestContext, parts: Iterable<string>, options: Partial<ServerOptions> = {}) {
  const webFolder = mkdtempSync(join(tmpdir(), 'homeostat-web-'));
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html>');
  const asked: (readonly [string | undefined, string | undefined])[] = [];
  const exposition: Exposition = {
    page: (accept, host) => {
      asked.push([accept, host]);
      return host === 'nobody' ? undefined : { contentType: 'text/plain; version=0.0.4', parts };
    },
  };
  const source = new FixtureSource(clock);
  const where = { host: '127.0.0.1', port: 0, webFolder, clock };
  const server = createServer({ source, exposition, ...where, ...options });
  const { address } = await server.listen();
  t.after(async () => {
    await server.close();
    rmSync(webFolder, { recursive: true });
  });
  return { page: `${address}/metrics`, asked };
}

describe('/metrics', () => {
  it('is sent as it is made, however long it is', async (t) => {
    const parts = Array.from({ length: 3000 }, (_, index) => `metric_${index} 1\n`.repeat(10));
    const { page, asked } = await served(t, parts);
    const response = await fetch(page, { headers: { accept: 'text/plain' } });
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(await response.text(), parts.join(''));
    assert.deepEqual(asked, [['text/plain', undefined]]);
  });

  it('breaks off when it cannot be made in whole, and the log says why', async (t) => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
    const broken = (function* () {
      yield 'x'.repeat(100_000);
      throw new Error('the disk is gone');
    })();
    const { page } = await served(t, broken, { log });
    await assert.rejects(async () => (await fetch(page)).text());
    assert.deepEqual(warnings, ['/metrics failed: the disk is gone']);
  });

  it('is behind the same door as the API', async (t) => {
    const { page } = await served(t, ['up 1\n'], { token: TOKEN });
    const statusOf = async (headers: Record<string, string>): Promise<number> => {
      const response = await fetch(page, { headers });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await statusOf({}), 401);
    assert.equal(await statusOf({ authorization: `Bearer ${TOKEN}x` }), 401);
    assert.equal(await statusOf({ authorization: `Bearer ${TOKEN}` }), 200);
    assert.equal(await statusOf({ authorization: `Bearer ${TOKEN}`, origin: 'http://evil.example' }), 403);
  });

  it('is of one host where a hub is asked for that, and knows no other parameter', async (t) => {
    const { page, asked } = await served(t, ['up 1\n'], { source: new FixtureHub(clock) });
    assert.equal(await (await fetch(`${page}?host=db-1`)).text(), 'up 1\n');
    assert.equal(asked.at(-1)?.[1], 'db-1');
    const nobody = await fetch(`${page}?host=nobody`);
    assert.equal(nobody.status, 404);
    assert.match(await nobody.text(), /no host is called 'nobody'/);
    assert.equal((await fetch(`${page}?name=db-1`)).status, 400);
  });
});
