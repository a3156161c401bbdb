import type { Locator, Page } from 'playwright-core';

/** Collects what must not happen on a page: errors, warnings, and requests to another host. */
export function watched(page: Page, address: string): readonly string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Only the tests themselves read canvases back.
    if (message.text().startsWith('Canvas2D: Multiple readback')) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !url.startsWith('data:')) complaints.push(`asks ${url}`);
  });
  return complaints;
}

/** As long as the browser's own waits. */
const PATIENCE_MS = 30_000;

/** As much of a canvas as is needed here: the tests' own types know nothing of a browser. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}

/** Waits until something is drawn on the canvas: an empty one has one colour, a line has the shades of its edges. */
export async function drawn(canvas: Locator): Promise<void> {
  await canvas.waitFor();
  const until = performance.now() + PATIENCE_MS;
  while ((await canvas.evaluate(coloursOn)) < 8) {
    if (performance.now() > until) throw new Error(`nothing is drawn on ${canvas}`);
    await canvas.page().waitForTimeout(50);
  }
}

/** Runs in the page. */
function coloursOn(element: unknown): number {
  const canvas = element as Canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}

/** Waits until some pixel of the canvas has the colour of a CSS variable. The page's own policy forbids to poll in it. */
export async function hasColour(page: Page, selector: string, variable: string): Promise<void> {
  const found = () =>
    page.evaluate<boolean>(`(() => {
      const canvas = document.querySelector(${JSON.stringify(selector)});
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.color = 'var(${variable})';
      const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
      probe.remove();
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      for (let at = 0; at < data.length; at += 4) {
        if (wanted.every((value, channel) => data[at + channel] === value)) return true;
      }
      return false;
    })()`);
  const until = performance.now() + PATIENCE_MS;
  while (!(await found())) {
    if (performance.now() > until) throw new Error(`nothing on ${selector} has the colour ${variable}`);
    await page.waitForTimeout(50);
  }
}
