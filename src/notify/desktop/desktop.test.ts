import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { context, HOSTILE, notice, told } from '../../../test/support/notices.ts';
import { DesktopNotifier, desktopCommand } from './desktop.ts';

const SIGNAL = AbortSignal.timeout(5000);

test('a note is shown by notify-send, with text as arguments and markup escaped', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-desktop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'notify-send'),
    `#!/bin/sh\nfor one in "$@"; do printf '%s\\0' "$one"; done > ${folder}/seen\n`,
  );
  chmodSync(join(folder, 'notify-send'), 0o755);
  const env = { PATH: `${folder}:/bin:/usr/bin`, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' };
  const desktop = new DesktopNotifier('screen', context(env), 'linux');
  const outcome = await desktop.notify([told(notice('opened', { sentence: HOSTILE }))], SIGNAL);
  assert.deepEqual(outcome, { kind: 'sent' });
  const [app, urgency, end, title, body] = readFileSync(join(folder, 'seen'), 'utf8').split('\0');
  assert.deepEqual(
    [app, urgency, end, title],
    ['--app-name=Homeostat', '--urgency=critical', '--', 'New on web-1'],
  );
  assert.match(body ?? '', /&lt;script&gt;.*`\$\(reboot\)`/);
});

test('without a desktop, or without the program, it is refused at once and says why', async () => {
  const at = (env: NodeJS.ProcessEnv) =>
    new DesktopNotifier('screen', context(env), 'linux').notify([told(notice())], SIGNAL);
  assert.deepEqual(await at({ PATH: '/nowhere' }), {
    kind: 'failed',
    why: 'there is no desktop session: Homeostat runs outside of one',
  });
  const missing = await at({ PATH: '/nowhere', DBUS_SESSION_BUS_ADDRESS: 'x' });
  assert.match(missing.kind === 'failed' ? missing.why : '', /notify-send is not installed/);
});

test('text is never part of a script', () => {
  const note = { title: HOSTILE, body: HOSTILE, urgent: false };
  const mac = desktopCommand(note, 'darwin');
  assert.deepEqual(mac.args.slice(-3), ['--', HOSTILE, HOSTILE]);
  assert.ok(mac.args.slice(0, -3).every((argument) => !argument.includes('reboot')));
  const windows = desktopCommand(note, 'win32');
  assert.ok(windows.args.every((argument) => !argument.includes('reboot')));
  assert.deepEqual(windows.env, { HOMEOSTAT_TITLE: HOSTILE, HOMEOSTAT_BODY: HOSTILE });
});
