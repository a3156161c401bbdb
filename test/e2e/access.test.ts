import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { watched } from '../support/page.ts';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** A machine of which an incident is certain: a limit that any machine crosses. */
const CONFIG = 'limits:\n  memory: 0.1%\n  memory_for: 1s\nserve:\n  sign_in: always\n';

test('a person signs in by a link, says what an incident means after seeing the effect, and is out when revoked', async (t) => {
  const folder = ownFolder(t);
  writeFileSync(join(folder, 'h.yaml'), CONFIG);
  const daemon = await Daemon.start(t, folder, { args: ['--config', 'h.yaml'] });
  const { address } = daemon.client.run;
  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await homeostat(folder, [...args, '--data', 'data']);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });

  await page.goto(address);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.match(await command('status'), /Learning|learn/i, 'commands of this machine need not sign in');
  const link = await command('open', '--role', 'operate');
  const complaints = watched(page, address);
  await page.goto(link);
  await page.getByText('Live · now').waitFor();
  assert.doesNotMatch(page.url(), /login/);
  await page.getByText(/\(link\) operate/).waitFor();

  const open = () => daemon.client.get<{ incidents: readonly unknown[] }>('incidents');
  while ((await open()).incidents.length === 0) await sleep(100);
  await page.goto(`${address}/?page=incidents`);
  await page
    .getByRole('button', { name: /memory/i })
    .first()
    .click();
  await page.getByRole('button', { name: 'This is normal here' }).click();
  await page.getByLabel('Only in this hour of the week').check();
  await page.getByText(/would have muted 1 incident/).waitFor();
  await page.getByRole('button', { name: 'Say so' }).click();
  await page.getByText(/Somebody called it normal/).waitFor();
  const said = JSON.parse(await command('feedback', 'list', '--json')) as { verdict: string }[];
  assert.deepEqual(
    said.map(({ verdict }) => verdict),
    ['normal'],
  );
  await page.getByRole('button', { name: 'Take it back' }).click();
  await page.getByText(/Somebody called it normal/).waitFor({ state: 'detached' });
  assert.match(daemon.log(), /\(link\) \(operate\): POST 'incidents\//);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();

  const token = await command('access', 'create', 'anna', '--role', 'view');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('anna view').waitFor();
  await page.goto(`${address}/?page=incidents`);
  await page
    .getByRole('button', { name: /memory/i })
    .first()
    .click();
  await page.getByText('with the role operate').waitFor();
  assert.deepEqual(
    complaints.filter((line) => !/status of 4\d\d/.test(line)),
    [],
    'but for what was refused on purpose',
  );
  await command('access', 'revoke', 'anna');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(link);
  assert.match(await page.locator('body').innerText(), /the link was used before/);
  await page.close();
});
