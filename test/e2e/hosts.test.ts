import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { systemClock } from '../../src/lib/clock.ts';
import { createServer, type HttpServer } from '../../src/serve/server.ts';
import { launchBrowser } from '../support/browser.ts';
import { FixtureHub } from '../support/fixture-hub.ts';
import { drawn, watched } from '../support/page.ts';

const webFolder = fileURLToPath(new URL('../../dist/web', import.meta.url));

let browser: Browser;
let hub: FixtureHub;
let server: HttpServer;
let address: string;
let ticking: NodeJS.Timeout;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

beforeEach(async () => {
  hub = new FixtureHub(systemClock);
  server = createServer({ source: hub, host: '127.0.0.1', port: 0, webFolder, clock: systemClock });
  address = (await server.listen()).address;
  ticking = setInterval(() => hub.machine.tick(), 1000);
});
afterEach(async () => {
  clearInterval(ticking);
  await server.close();
});

async function withPage(
  use: (page: Page) => Promise<void>,
  { path = '/', ...options }: BrowserContextOptions & { readonly path?: string } = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const complaints = watched(page, address);
    await page.goto(`${address}${path}`);
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

const names = (page: Page): Promise<string[]> => page.locator('#hosts tbody td.name').allInnerTexts();

describe("a hub's first page", () => {
  test('lists all hosts, whoever needs a look first, and says how each is', async () => {
    await withPage(async (page) => {
      await page.getByRole('heading', { name: '6 hosts' }).waitFor();
      assert.deepEqual(await names(page), [
        'shop-us-1',
        'shop-eu-1',
        'shop-eu-2',
        'db-1',
        'build-7',
        'new-1',
      ]);
      const row = (name: string) => page.locator(`tr[data-host="${name}"]`).innerText();
      assert.match(await row('shop-us-1'), /silent\s+· 7 min[\s\S]*MEDIUM 1[\s\S]*7 min ago/);
      assert.match(
        await row('shop-eu-1'),
        /up\s+· 40 h[\s\S]*4\.6[\s\S]*HIGH 1[\s\S]*linux 6\.12\.9 · 4 CPUs · 8 GiB/,
      );
      assert.match(await row('shop-eu-2'), /partly blind/);
      assert.match(await row('build-7'), /stopped\s+· 11 h/);
      assert.match(await row('new-1'), /never heard/);
      await page.getByRole('link', { name: /Nothing is heard of shop-us-1/ }).waitFor();
      assert.equal(await page.title(), '1 silent · Homeostat');
    });
  });

  test('leads from an incident of any host to its story', async () => {
    await withPage(async (page) => {
      await page.getByRole('link', { name: /shop-eu-1[\s\S]*Unusual CPU use/ }).click();
      await page.waitForURL(/host=shop-eu-1&page=incidents&incident=/);
      await page.getByRole('region', { name: /Unusual CPU use/ }).waitFor();
    });
  });

  test('holds a thousand hosts: those that need a look first, the rest by filter or on demand', async () => {
    hub = new FixtureHub(systemClock, 1000);
    await server.close();
    server = createServer({ source: hub, host: '127.0.0.1', port: 0, webFolder, clock: systemClock });
    address = (await server.listen()).address;
    await withPage(async (page) => {
      await page.getByRole('heading', { name: '1006 hosts' }).waitFor();
      assert.deepEqual((await names(page)).slice(0, 2), ['shop-us-1', 'shop-eu-1']);
      assert.equal((await names(page)).length, 100);
      await page.getByRole('button', { name: '906 more' }).click();
      await page.getByRole('button', { name: '406 more' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('web-777');
      await page.getByText('1 of 1006').waitFor();
      assert.deepEqual(await names(page), ['web-777']);
    });
  });

  test('is sorted, filtered and walked through by keyboard, and Enter opens a host', async () => {
    await withPage(async (page) => {
      await page.getByRole('button', { name: 'Host', exact: true }).click();
      assert.equal((await names(page))[0], 'build-7');
      await page.keyboard.press('/');
      await page.keyboard.type('shop-eu');
      await page.getByText('2 of 6').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('#hosts tbody tr').first().focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('tr[data-host="shop-eu-2"]:focus').waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(`${address}/?host=shop-eu-2`);
      await page.getByText('Live · now').waitFor();
      await page.keyboard.press('h');
      await page.getByRole('heading', { name: '6 hosts' }).waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard' }).getByText('go through the hosts').waitFor();
    });
  });

  test('a phone needs no sideways scrolling, in light and in dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await withPage(
        async (page) => {
          await page.locator('tr[data-host="shop-eu-1"]').waitFor();
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
          await page.locator('tr[data-host="shop-eu-1"] a').click();
          await page.waitForURL(`${address}/?host=shop-eu-1`);
          await page.getByText('Live · now').waitFor();
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
        },
        { viewport: { width: 360, height: 760 }, isMobile: true, colorScheme },
      );
    }
  });
});

describe("a host's page on the hub", () => {
  test('is its dashboard, opened by a link of its own, without what the hub is not told', async () => {
    await withPage(
      async (page) => {
        await page.getByText('Live · now').waitFor();
        assert.match(await page.locator('h1').innerText(), /^shop-eu-1 /);
        await drawn(page.locator('#cpu-cpu-time canvas'));
        assert.equal(await page.locator('#learning').count(), 0);
        await page.getByRole('button', { name: /Unusual CPU use/ }).click();
        await page.locator('.details').waitFor();
        await page.keyboard.press('m');
        await page.getByText('The model stays on its host.').waitFor();
        await page.keyboard.press('p');
        await page.getByText('150 · values as they were told last').waitFor();
      },
      { path: '/?host=shop-eu-1' },
    );
  });

  test('says that nothing is heard of it, or that it was stopped on purpose', async () => {
    await withPage(
      async (page) => {
        await page.getByText('Nothing is heard of shop-us-1 for 7 min.').waitFor();
      },
      { path: '/?host=shop-us-1' },
    );
    await withPage(
      async (page) => {
        await page.getByText('build-7 was stopped on purpose 11 h ago.').waitFor();
      },
      { path: '/?host=build-7' },
    );
  });
});
