import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { systemClock } from '../../src/lib/clock.ts';
import { createServer, type HttpServer } from '../../src/serve/server.ts';
import { launchBrowser } from '../support/browser.ts';
import { FixtureSource, type Mood } from '../support/fixture-source.ts';
import { drawn, hasColour, watched } from '../support/page.ts';

const webFolder = fileURLToPath(new URL('../../dist/web', import.meta.url));

let browser: Browser;
let source: FixtureSource;
let server: HttpServer;
let address: string;
let ticking: NodeJS.Timeout;
let port = 0;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

async function serve(mood: Mood = 'calibrated'): Promise<void> {
  source = new FixtureSource(systemClock, mood);
  await listen(0);
  ticking = setInterval(() => source.tick(), 1000);
}

async function listen(wanted: number): Promise<void> {
  server = createServer({ source, host: '127.0.0.1', port: wanted, webFolder, clock: systemClock });
  address = (await server.listen()).address;
  port = Number(new URL(address).port);
}

afterEach(async () => {
  clearInterval(ticking);
  await server.close();
});

/** A page that was opened and has its first sample; what it complained of is checked when it is closed. */
async function withPage(
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
  expectTrouble = false,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const complaints = watched(page, address);
    await page.goto(address);
    await page.getByText('Live · now').waitFor();
    await use(page);
    if (!expectTrouble) assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

describe('the dashboard of a calibrated machine', () => {
  beforeEach(() => serve());

  test('shows host, learning, coverage and charts with lines on them, from this host alone', async () => {
    await withPage(async (page) => {
      assert.equal(await page.locator('h1').innerText(), 'shop-eu-1 Debian GNU/Linux 13 · 4 CPUs · 8 GiB');
      await page.getByRole('link', { name: 'Calibrated' }).waitFor();
      await page.getByRole('link', { name: /Partly blind/ }).waitFor();
      await drawn(page.locator('#cpu-cpu-time canvas'));
      assert.match((await page.locator('#cpu-cpu-time .canvas').getAttribute('aria-label')) ?? '', /user \d/);
    });
  });

  test('makes a chart only when it comes into sight', async () => {
    await withPage(async (page) => {
      await page.locator('#cpu-cpu-time canvas').waitFor();
      assert.equal(await page.locator('#device-temperature canvas').count(), 0);
      await page.locator('#device-temperature').scrollIntoViewIfNeeded();
      await page.locator('#device-temperature canvas').waitFor();
    });
  });

  test('goes on live, without asking for the history again', async () => {
    await withPage(async (page) => {
      await page.locator('#cpu-cpu-time canvas').waitFor();
      let asked = 0;
      page.on('request', (request) => {
        if (request.url().includes('/history')) asked++;
      });
      const label = page.locator('#cpu-cpu-time .canvas');
      const first = await label.getAttribute('aria-label');
      while ((await label.getAttribute('aria-label')) === first) await page.waitForTimeout(50);
      assert.equal(asked, 0);
    });
  });

  test('a click on an anomaly says why and who, and marks its period on every chart', async () => {
    await withPage(async (page) => {
      const chart = page.locator('#cpu-busiest-cpu canvas');
      await chart.waitFor();
      const before = await page.locator('.toolbar .back').count();
      await page.getByRole('button', { name: /Unusual CPU use/ }).click();
      const details = page.locator('.details');
      assert.match(await details.innerText(), /CPU user time\s+78 %\s+5-27 %\s+41 %/);
      assert.match(
        await details.innerText(),
        /kdevtmpfsi pid 2520[\s\S]*\/tmp\/\.X11-unix\/kdevtmpfsi[\s\S]*started by node/,
      );
      assert.match(await details.innerText(), /in container 3f9a1c77d2b4[\s\S]*CPU 2 % -> 312 % of a core/);
      assert.equal(before, 0);
      await page.locator('.toolbar .back').waitFor();
      await page.locator('#cpu-cpu-time.broke').waitFor();
      await hasColour(page, '#cpu-busiest-cpu canvas', '--high');
      await page.keyboard.press('l');
      await page.locator('.details').waitFor({ state: 'detached' });
    });
  });

  test('processes are sorted, filtered, walked through and opened', async () => {
    await withPage(async (page) => {
      await page.keyboard.press('p');
      const names = page.locator('#processes tbody .proc');
      await names.first().waitFor();
      assert.equal(await names.first().innerText(), 'kdevtmpfsi');
      await page.getByRole('button', { name: 'Memory', exact: true }).click();
      await page.locator('th.rss[aria-sort=descending]').waitFor();
      assert.equal(await names.first().innerText(), 'postgres');
      await page.keyboard.press('/');
      await page.keyboard.type('redis');
      await page.getByText('1 of 150').waitFor();
      await page.locator('#filter').fill('postgres');
      const rows = page.locator('#processes tbody tr');
      await rows.first().focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('#processes tbody tr:nth-child(2):focus').waitFor();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.locator('canvas').nth(2).waitFor();
      assert.match(await dialog.innerText(), /Executable\s+\/usr\/lib\/postgresql/);
      await drawn(dialog.locator('canvas').first());
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    });
  });

  test('processes are a tree, are added up, and those of any past moment are listed', async () => {
    await withPage(async (page) => {
      await page.keyboard.press('p');
      await page.getByText(/^150/).waitFor();
      await page.getByRole('button', { name: 'Tree', exact: true }).click();
      await page.locator('#processes tr[aria-level="2"]').first().waitFor();
      await page.getByRole('button', { name: 'Executable', exact: true }).click();
      const postgres = page.locator('#processes tbody tr', {
        hasText: '/usr/lib/postgresql/17/bin/postgres',
      });
      assert.match(await postgres.innerText(), /postgres\s+\d\d\s+[\d.]+ %\s+[\d.]+ GB/);
      await postgres.click();
      await page.getByText(/^\d\d of 150/).waitFor();
      await page.locator('#filter').fill('kdevtmpfsi');
      await page.getByText('1 of 150').waitFor();
      await page.getByLabel('A minute earlier').click();
      await page.getByText(/means of the minute from/).waitFor();
      assert.match(page.url(), /page=processes&at=\S+/);
      const link = page.url();
      await page.goto(link);
      await page.getByText(/means of the minute from/).waitFor();
      await page.getByLabel('The moment to look at').fill('2001-01-01T00:00');
      await page.getByText('Nothing is kept of that moment.').waitFor();
      await page.getByRole('button', { name: 'now', exact: true }).click();
      await page.getByText('kdevtmpfsi').first().waitFor();
      await page.keyboard.press('o');
      await page.locator('#cpu-cpu-time .u-over').dblclick();
      await page.getByText(/means of the minute from/).waitFor();
    });
  });

  test('a link opens what was seen when it was copied, and the way back leads through what was seen', async () => {
    await withPage(async (page) => {
      await page.getByRole('button', { name: /Unusual CPU use/ }).click();
      await page.locator('.details').waitFor();
      const link = page.url();
      assert.match(link, /\?from=\S+&to=\S+&anomaly=an-\w+$/);
      await page.keyboard.press('p');
      await page.locator('#processes tbody tr').first().click();
      await page.getByRole('dialog').waitFor();
      await page.goBack();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.goBack();
      await page.locator('.details').waitFor();
      assert.equal(page.url(), link);
      await page.goto(`${address}/?page=coverage`);
      await page.locator('#coverage table').waitFor();
      await page.goto(link);
      await page.locator('.details').waitFor();
      await page.locator('#cpu-cpu-time.broke').waitFor();
    });
  });

  test('the period is zoomed and moved by keys, wheel and mouse, for all charts together', async () => {
    await withPage(async (page) => {
      const span = () => {
        const query = new URL(page.url()).searchParams;
        if (!query.has('from')) return Number(query.get('last') ?? 900) * 1000;
        return Date.parse(query.get('to')!) - Date.parse(query.get('from')!);
      };
      // The address follows what is seen; the test hears of it a moment later.
      const until = async (holds: () => boolean) => {
        while (!holds()) await page.waitForTimeout(20);
      };
      const canvas = page.locator('#cpu-cpu-time .u-over');
      await canvas.waitFor();
      await page.keyboard.press('-');
      await until(() => span() === 1_800_000);
      await page.keyboard.press('[');
      await page.locator('.toolbar .back').waitFor();
      assert.equal(span(), 1_800_000);
      await canvas.hover();
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -240);
      await page.keyboard.up('Control');
      await until(() => span() < 1_800_000);
      const zoomed = span();
      const box = (await canvas.boundingBox())!;
      const before = page.url();
      await page.keyboard.down('Shift');
      await page.mouse.move(box.x + 50, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + 150, box.y + 20, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up('Shift');
      await until(() => page.url() !== before);
      assert.ok(Math.abs(span() - zoomed) < 5, 'moved, not zoomed');
      await page.keyboard.press('l');
      await page.locator('.toolbar .back').waitFor({ state: 'detached' });
    });
  });

  test('a period is laid over the day before, and a chart is taken home as a table', async () => {
    await withPage(async (page) => {
      await page.locator('#cpu-cpu-time canvas').waitFor();
      const asked: URL[] = [];
      page.on('request', (request) => {
        if (request.url().includes('/history')) asked.push(new URL(request.url()));
      });
      await page.getByLabel('Compare with').selectOption('day');
      const day = (url: URL) => Date.now() - Number(url.searchParams.get('from'));
      while (!asked.some((url) => day(url) > 86_400_000)) await page.waitForTimeout(20);
      assert.match(page.url(), /against=day/);
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download the data of Busiest CPU' }).click(),
      ]);
      assert.match(file.suggestedFilename(), /^Busiest CPU 2.*\.csv$/);
      const [head, ...rows] = readFileSync(await file.path(), 'utf8')
        .trim()
        .split('\r\n');
      assert.equal(
        head,
        'time,system.cpu.busiest.utilization,system.cpu.busiest.utilization min,system.cpu.busiest.utilization max',
      );
      assert.ok(rows.length > 800, `${rows.length} seconds of 15 minutes`);
    });
  });

  test('an incident is a story: what broke, who did it, what was measured and who was told', async () => {
    await withPage(async (page) => {
      await page.getByRole('link', { name: '1 incident' }).click();
      await page.getByRole('button', { name: /Unusual CPU use/ }).click();
      const story = page.getByRole('region', { name: /Unusual CPU use/ });
      assert.match(await story.innerText(), /CPU user time\s+78 %\s+5-27 %\s+41 %/);
      assert.match(await story.innerText(), /kdevtmpfsi pid 2520[\s\S]*CPU 2 % -> 312 % of a core/);
      await drawn(story.locator('canvas').first());
      const advice = story.getByRole('region', { name: 'What to do' });
      assert.match(await advice.innerText(), /end it where nobody knows it[\s\S]*kill 2520/);
      await hasColour(page, '.evidence canvas', '--high');
      await story.getByLabel('The look at the processes').press('End');
      assert.match(await story.locator('.top-around').innerText(), /kdevtmpfsi pid 2520\s+\d+ %/);
      assert.match(await story.locator('.timeline').innerText(), /machine · HIGH[\s\S]*told\s+opened/);
      assert.match(page.url(), /page=incidents&incident=\w+$/);
      await page.reload();
      await story.waitFor();
      await page.getByRole('button', { name: 'All charts of that time' }).click();
      await page.locator('.toolbar .back').waitFor();
      await page.goBack();
      await story.getByRole('button', { name: 'Processes when it began' }).click();
      await page.getByText(/means of the minute from/).waitFor();
    });
  });

  test('everything can be reached by typing', async () => {
    await withPage(async (page) => {
      const palette = page.getByRole('dialog', { name: 'Go to or do' });
      const type = async (text: string) => {
        await page.keyboard.press('Control+k');
        await palette.waitFor();
        await page.keyboard.type(text);
      };
      await type('cover');
      await page.keyboard.press('Enter');
      await page.locator('#coverage table').waitFor();
      await type('chart temperature');
      await page.keyboard.press('Enter');
      await page.locator('#device-temperature canvas').waitFor();
      await type('kdevtmpfsi');
      await palette.getByRole('option', { name: /^Process kdevtmpfsi/ }).click();
      await page.getByRole('dialog', { name: /kdevtmpfsi/ }).waitFor();
      await page.keyboard.press('Escape');
      await type('no such thing at all');
      await palette.getByText('Nothing is called so.').waitFor();
      await page.keyboard.press('Escape');
      await palette.waitFor({ state: 'detached' });
    });
  });

  test('hostile names are text, with what would deceive made visible', async () => {
    await withPage(async (page) => {
      await page.keyboard.press('p');
      await page.locator('#filter').fill('eve');
      await page.getByText('\\u202egpj.exe').first().waitFor();
      await page.getByText('a\\x0ab) S 1 1').first().waitFor();
      await page.locator('#filter').fill('<script>');
      await page.locator('#processes tbody tr').first().click();
      await page.getByRole('dialog').getByText('<script>').first().waitFor();
      assert.equal(await page.evaluate('"hacked" in window'), false);
      assert.equal(await page.locator('img[src=x], #app script').count(), 0);
    });
  });

  test('light and dark follow the system until the person chooses', async () => {
    const background = (page: Page) =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    await withPage(
      async (page) => {
        const dark = await background(page);
        await page.keyboard.press('t');
        const light = await background(page);
        assert.notEqual(light, dark);
        await page.reload();
        await page.getByText('Live · now').waitFor();
        assert.equal(await background(page), light);
      },
      { colorScheme: 'dark' },
    );
  });

  test('a phone needs no sideways scrolling', async () => {
    await withPage(
      async (page) => {
        await page.getByRole('button', { name: /Unusual CPU use/ }).click();
        await page.locator('.details').waitFor();
        const width = () => page.evaluate<number>('document.documentElement.scrollWidth');
        await page.locator('#group-disk').scrollIntoViewIfNeeded();
        assert.equal(await width(), 360);
        await page.getByRole('link', { name: 'Incidents', exact: true }).click();
        await page.locator('[data-incident] button').first().click();
        await page.locator('.evidence canvas').first().waitFor();
        assert.equal(await width(), 360);
        for (const [tab, place] of [
          ['Processes', '#processes tbody tr'],
          ['Models', '#learning'],
          ['Coverage', '#coverage table'],
        ] as const) {
          await page.getByRole('link', { name: tab, exact: true }).click();
          await page.locator(place).first().waitFor();
          assert.equal(await width(), 360, tab);
        }
      },
      { viewport: { width: 360, height: 760 }, isMobile: true },
    );
  });

  test('the keyboard has a help, and the focus is seen', async () => {
    await withPage(async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('5');
      await page.locator('.ranges button[aria-pressed=true]', { hasText: '24 h' }).waitFor();
      await page.keyboard.press('Tab');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      assert.equal(outline, 'solid');
    });
  });

  test('samples that stop are called stale', async () => {
    await withPage(async (page) => {
      clearInterval(ticking);
      await page.getByText(/No sample for \d+ s/).waitFor();
      await page.getByRole('status').getByText('Stale').waitFor();
      source.tick();
      await page.getByText(/No sample for/).waitFor({ state: 'detached' });
    });
  });

  test('a stream that is cut is said, and what was missed is filled in', async () => {
    await withPage(
      async (page) => {
        await page.locator('#cpu-cpu-time canvas').waitFor();
        await server.close();
        await page.getByRole('alert').getByText('Disconnected.').waitFor();
        const filled = page.waitForRequest((request) => request.url().includes('/history'));
        await listen(port);
        await page.getByText('Live · now').waitFor();
        await filled;
        assert.equal(await page.getByRole('alert').count(), 0);
      },
      {},
      true,
    );
  });
});

describe('the dashboard as an app', () => {
  beforeEach(() => serve());

  test('can be installed, and opens where Homeostat does not answer, without old data', async () => {
    await withPage(
      async (page) => {
        await page.evaluate('navigator.serviceWorker.ready');
        const session = await page.context().newCDPSession(page);
        const { errors } = await session.send('Page.getAppManifest');
        assert.deepEqual(errors, []);
        await server.close();
        await page.reload();
        await page.getByText('Homeostat does not answer.').waitFor();
        assert.equal(await page.locator('#charts canvas').count(), 0);
        await listen(port);
        await page.getByText('Live · now').waitFor();
      },
      {},
      true,
    );
  });

  test('tells of what opens on the desktop, once the person wants it, and of nothing that is LOW', async () => {
    await withPage(
      async (page) => {
        await page.getByRole('button', { name: 'Desktop notifications: off. Change' }).click();
        await page.getByRole('button', { name: 'Desktop notifications: on. Change' }).waitFor();
        await page.evaluate('navigator.serviceWorker.ready');
        source.open('LOW');
        source.open('HIGH');
        const shown = () =>
          page.evaluate<readonly (readonly [string, string])[]>(
            `navigator.serviceWorker.ready.then((registration) => registration.getNotifications())
               .then((all) => all.map(({ title, data }) => [title, data.url]))`,
          );
        while ((await shown()).length === 0) await page.waitForTimeout(50);
        assert.deepEqual(await shown(), [['HIGH · shop-eu-1', './?page=incidents&incident=opened-HIGH']]);
      },
      { permissions: ['notifications'] },
    );
  });
});

describe('the dashboard of a machine that is', () => {
  test('still learning says what is missing and for how long', async () => {
    await serve('learning');
    await withPage(async (page) => {
      await page.getByText(/Learning · \d min left/).waitFor();
      await page.getByText('Still learning what is normal here.').waitFor();
      await page.getByText(/Seen \d min of the 10 min that provisional needs/).waitFor();
      await page.locator('#cpu-cpu-time canvas').waitFor();
    });
  });

  test('not measured yet shows that the first sample is on its way', async () => {
    await serve('empty');
    clearInterval(ticking);
    const page = await browser.newPage();
    await page.goto(address);
    await page.getByText('The first sample is on its way.').waitFor();
    await page.keyboard.press('p');
    await page.getByText('The first scan is on its way.').waitFor();
    await page.close();
  });
});
