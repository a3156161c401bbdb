import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { ManualClock } from '../src/lib/clock.ts';
import { createServer } from '../src/serve/server.ts';
import type { Source } from '../src/serve/source.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { launchBrowser } from '../test/support/browser.ts';
import { FixtureSource } from '../test/support/fixture-source.ts';
import { loadTrace } from '../test/support/trace.ts';
import { note, report } from './report.ts';

/** What a person waits for: the dashboard of a day of a recorded machine, every series of it, in a real browser. */
const bench = 'dashboard';
const SECONDS = 86_400;
const VISITS = 7;
/** How far the charts are dragged. */
const DRAGGED_PX = 240;
const webFolder = fileURLToPath(new URL('../dist/web', import.meta.url));

execFileSync(process.execPath, [fileURLToPath(new URL('../bin/build.mjs', import.meta.url)), 'web']);
const script = gzipSync(readFileSync(join(webFolder, 'app.js')), { level: 9 }).length;
const style = gzipSync(readFileSync(join(webFolder, 'app.css')), { level: 9 }).length;
report({ bench, figure: 'js_kb_gzip', value: script / 1000, unit: 'kB', goal: '<= 100' });
report({ bench, figure: 'css_kb_gzip', value: style / 1000, unit: 'kB' });

const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
const clock = new ManualClock(Date.UTC(2026, 0, 1));
const store = openStore({ folder, clock });
const browser = await launchBrowser();
fillADay(store);
const server = createServer({ source: sourceOf(store), host: '127.0.0.1', port: 0, webFolder, clock });
try {
  await measure(browser, (await server.listen()).address);
} finally {
  await browser.close();
  await server.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The trace end to end, a second a tick. */
function fillADay(into: Store): void {
  const { series, ticks } = loadTrace('virtual-machine');
  note(`a day of ${series.length} series at 1 s; median of ${VISITS} visits, nothing cached`);
  for (let second = 0; second < SECONDS; second++) {
    clock.advance(1000);
    into.append({ at: clock.now(), metrics: ticks[second % ticks.length]!.metrics });
    into.maintain(0);
  }
  into.flush();
}

/** The recorded history behind the fixture's status, anomalies and processes. */
function sourceOf(history: Store): Source {
  const fixture = new FixtureSource(clock);
  return {
    history,
    archive: fixture.archive,
    status: () => fixture.status(),
    processes: () => fixture.processes(),
    process: (id) => fixture.process(id),
    profiles: (wanted) => fixture.profiles(wanted),
    forecasts: () => fixture.forecasts(),
    advice: () => fixture.advice(),
    bands: () => fixture.bands(),
    subscribe: (listener) => fixture.subscribe(listener),
  };
}

async function measure(chromium: Browser, address: string): Promise<void> {
  const visits: Visit[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const context = await chromium.newContext({ viewport: { width: 1280, height: 1600 } });
    visits.push(await oneVisit(await context.newPage(), address));
    await context.close();
  }
  const median = (of: (visit: Visit) => number) =>
    visits.map(of).sort((one, other) => one - other)[VISITS >> 1]!;
  report({
    bench,
    figure: 'first_paint_ms',
    value: median(({ paint }) => paint),
    unit: 'ms',
    goal: '<= 1000',
  });
  report({ bench, figure: 'charts_in_sight_ms', value: median(({ charts }) => charts), unit: 'ms' });
  report({
    bench,
    figure: 'charts_of_24_h_ms',
    value: median(({ day }) => day),
    unit: 'ms',
    goal: '<= 1000',
  });
  report({
    bench,
    figure: 'frame_p95_ms',
    value: median(({ frame }) => frame),
    unit: 'ms',
    goal: '<= 16.7',
  });
}

/** Of one visit with nothing cached, ms. */
interface Visit {
  /** To the first text on the screen. */
  readonly paint: number;
  /** To the charts that are in sight. */
  readonly charts: number;
  /** From the key to the last answer when the charts in sight turn to 24 h. */
  readonly day: number;
  /** The 95th percentile from frame to frame while a day of charts is dragged along. */
  readonly frame: number;
}

async function oneVisit(page: Page, address: string): Promise<Visit> {
  const beginning = performance.now();
  await page.goto(address);
  await page.locator('#load-load-average canvas').waitFor();
  await page.waitForLoadState('load');
  const charts = performance.now() - beginning;
  const paint = await page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
  );
  let open = 0;
  let seen = 0;
  const count = (by: number) => (request: { url(): string }) => {
    if (!request.url().includes('/history?')) return;
    open += by;
    seen++;
  };
  page.on('request', count(1));
  page.on('requestfinished', count(-1));
  page.on('requestfailed', count(-1));
  const pressed = performance.now();
  await page.keyboard.press('5');
  while (seen === 0 || open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const day = performance.now() - pressed;
  return { paint, charts, day, frame: await frameWhileDragged(page) };
}

/** Drags the time along under the charts that are in sight, a pixel at a time. */
async function frameWhileDragged(page: Page): Promise<number> {
  const over = page.locator('#load-load-average .u-over');
  const { x, y } = (await over.boundingBox())!;
  await page.keyboard.down('Shift');
  await page.mouse.move(x + 20, y + 20);
  await page.mouse.down();
  await page.evaluate(`{
    globalThis.frames_ = [];
    let last;
    const next = (at) => {
      if (last !== undefined) frames_.push(at - last);
      last = at;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }`);
  for (let moved = 1; moved <= DRAGGED_PX; moved++) await page.mouse.move(x + 20 + moved, y + 20);
  const frames = await page.evaluate<number[]>('frames_');
  await page.mouse.up();
  await page.keyboard.up('Shift');
  frames.sort((one, other) => one - other);
  return frames[Math.floor(frames.length * 0.95)]!;
}
