import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { systemClock } from '../../src/lib/clock.ts';
import { createServer, type HttpServer, type ServerOptions } from '../../src/serve/server.ts';
import type { FeedbackDesk, HubSource, Source } from '../../src/serve/source.ts';
import { launchBrowser } from '../support/browser.ts';
import { FixtureHub } from '../support/fixture-hub.ts';
import { FixtureSource } from '../support/fixture-source.ts';

const webFolder = fileURLToPath(new URL('../../dist/web', import.meta.url));

let browser: Browser;
const servers: HttpServer[] = [];

before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
  for (const server of servers) await server.close();
});

async function serve(source: Source | HubSource, options: Partial<ServerOptions> = {}): Promise<string> {
  const where = { host: '127.0.0.1', port: 0, webFolder, clock: systemClock };
  const server = createServer({ source, ...where, ...options });
  servers.push(server);
  return (await server.listen()).address;
}

const previewsAlone: FeedbackDesk = {
  of: () => [],
  intend: ({ id, host, cause, severity }, { verdict }, applied) => ({
    feedback: { id: 'f', incident: id, host, cause, severity, verdict, at: 0, kinds: ['machine'] },
    would: { muted: [id], told: 1, confirmed: [] },
    applied,
  }),
  undo: () => undefined,
};

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds on a page by the rules of WCAG 2.2 up to AA, contrast included. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
       .then(({ violations }) => violations)`,
  );
  return found.map(
    ({ id, nodes }) => `${id} ${nodes.length}x: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`,
  );
}

/** What is opened, by address, and what is done there before it is looked at. */
const PLACES: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ['/', (page) => page.locator('#cpu-cpu-time canvas').waitFor()],
  ['/', (page) => page.getByRole('button', { name: /Unusual CPU use/ }).click()],
  [
    '/?page=incidents',
    async (page) => {
      await page.getByRole('button', { name: /Unusual CPU use/ }).click();
      await page.locator('.evidence canvas').first().waitFor();
    },
  ],
  ['/?page=processes', (page) => page.locator('#processes tbody tr').first().waitFor()],
  ['/?page=processes&by=tree', (page) => page.locator('#processes tbody tr').first().waitFor()],
  ['/?page=processes&by=executable', (page) => page.locator('#processes tbody tr').first().waitFor()],
  [
    '/?page=processes',
    async (page) => {
      await page.locator('#processes tbody tr').first().click();
      await page.locator('dialog canvas').first().waitFor();
    },
  ],
  ['/?page=models', (page) => page.locator('#learning').waitFor()],
  ['/?page=coverage', (page) => page.locator('#coverage table').waitFor()],
  ['/', (page) => page.keyboard.press('?')],
  [
    '/',
    async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('mem');
      await page.locator('#palette-list [role=option]').first().waitFor();
    },
  ],
];

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page of a machine keeps to WCAG AA in ${colorScheme}`, async () => {
    const address = await serve(new FixtureSource(systemClock));
    const found: string[] = [];
    for (const [path, prepare] of PLACES) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(address + path);
      await page
        .getByText(/Live|Waiting|Stale/)
        .first()
        .waitFor();
      await prepare(page);
      found.push(...(await violations(page)).map((violation) => `${path} after ${prepare}: ${violation}`));
      await context.close();
    }
    assert.deepEqual(found, []);
  });

  test(`signing in, and what only those who are signed in see, keeps to WCAG AA in ${colorScheme}`, async () => {
    const token = 'a-token-of-a-test-0123456789';
    const address = await serve(new FixtureSource(systemClock), { token, feedback: previewsAlone });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
    const page = await context.newPage();
    await page.goto(address);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    const found = [...(await violations(page))];
    await page.goto(`${address}/?token=${token}`);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`${address}/?page=incidents`);
    await page.getByRole('button', { name: /Unusual CPU use/ }).click();
    await page.getByRole('button', { name: 'This is normal here' }).click();
    await page.getByText('would have muted 1 incident').waitFor();
    found.push(...(await violations(page)));
    await context.close();
    assert.deepEqual(found, []);
  });

  test(`the page of all hosts keeps to WCAG AA in ${colorScheme}`, async () => {
    const address = await serve(new FixtureHub(systemClock));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
    await page.goto(address);
    await page.locator('#hosts tbody tr').first().waitFor();
    assert.deepEqual(await violations(page), []);
    await page.close();
  });
}
