import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a Chromium: `CHROMIUM` or where Debian puts it. Throws where there is none. */
function chromiumPath(): string {
  const path = [process.env.CHROMIUM, ...PLACES].find((one) => one !== undefined && existsSync(one));
  if (path === undefined) {
    throw new Error(
      'no Chromium was found: run apt-get install chromium, or set CHROMIUM to the path of one',
    );
  }
  return path;
}

/** A browser that asks nobody but the pages' own hosts for anything. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [
      // Chromium's sandbox refuses to run as root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
