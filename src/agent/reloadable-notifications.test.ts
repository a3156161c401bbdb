import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { notice } from '../../test/support/notices.ts';
import { Sink } from '../../test/support/sink.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { Notice } from '../model/incident.ts';
import { type NotifySettings, notifySchema } from '../notify/settings.ts';
import { ReloadableNotifications } from './reloadable-notifications.ts';

const settings = (given: unknown): NotifySettings => v.parse(notifySchema, given);
const hook = (sink: Sink): NotifySettings =>
  settings({ channels: { hook: { type: 'webhook', url: `${sink.address}/in` } } });

async function open(t: TestContext, first: NotifySettings): Promise<ReloadableNotifications> {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-notifications-'));
  const notifications = await ReloadableNotifications.open({
    ...{ settings: first, folder, clock: systemClock, log: silentLog, env: {}, version: '1.2.3' },
    ...{ address: () => undefined, nameOf: (host: string) => host, history: () => undefined },
    onDecision: () => {},
  });
  t.after(async () => {
    await notifications.stop();
    rmSync(folder, { recursive: true });
  });
  notifications.start();
  return notifications;
}

/** As whoever has a notice does. */
const tell = (to: ReloadableNotifications, what: Notice): void => to.tell?.(what);

async function heard(sink: Sink, count: number): Promise<void> {
  for (let left = 500; sink.received.length < count; left--) {
    assert.ok(left > 0, `${sink.received.length} of ${count} notices came`);
    await sleep(20);
  }
}

test('nobody is told until there is a channel, then by it, then by another one', async (t) => {
  const [first, second] = [await Sink.start(t), await Sink.start(t)];
  const notifications = await open(t, settings({}));
  assert.ok(!notifications.tell);
  await notifications.use(hook(first));
  tell(notifications, notice('opened'));
  await heard(first, 1);
  await notifications.use(hook(second));
  tell(notifications, notice('opened', { id: 'another' }));
  await heard(second, 1);
  await notifications.use(settings({}));
  assert.ok(!notifications.tell);
  assert.equal(first.received.length, 1);
});

test('what is told while the settings are exchanged is not lost', async (t) => {
  const sink = await Sink.start(t);
  const notifications = await open(t, settings({}));
  const done = notifications.use(hook(sink));
  tell(notifications, notice('opened'));
  await done;
  await heard(sink, 1);
});
