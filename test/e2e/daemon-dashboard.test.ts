import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { drawn, watched } from '../support/page.ts';

const command = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));

let folder: string;
let daemon: ChildProcess;
let browser: Browser;
let address: string;

before(async () => {
  browser = await launchBrowser();
  folder = mkdtempSync(join(tmpdir(), 'homeostat-e2e-'));
  daemon = spawn(process.execPath, [command, 'up', '--data', folder, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  address = await addressIn(join(folder, 'homeostat.json'));
});

after(async () => {
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  if (daemon.exitCode === null && daemon.kill()) await ended;
  await browser.close();
  rmSync(folder, { recursive: true });
});

async function addressIn(file: string): Promise<string> {
  while (!existsSync(file)) {
    assert.equal(daemon.exitCode, null, 'the daemon ended before it had an address');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { address: string }).address;
}

test('a fresh machine is seen live: samples, charts, processes, learning, coverage', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints = watched(page, address);
  await page.goto(address);
  await page.getByText('Live · now').waitFor();
  await page.getByRole('link', { name: /Learning/ }).waitFor();
  await page.getByText('Still learning what is normal here.').waitFor();

  const chart = page.locator('#memory-memory-in-use canvas');
  await page.locator('#memory-memory-in-use').scrollIntoViewIfNeeded();
  await drawn(chart);

  await page.keyboard.press('p');
  await page.locator('#filter').fill(String(process.pid));
  await page.locator('#processes tbody tr').first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`pid ${process.pid}`).first().waitFor();
  await dialog.getByText(process.execPath, { exact: true }).first().waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: 'Coverage', exact: true }).click();
  await page.locator('#coverage .outcome.ok').first().waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});
