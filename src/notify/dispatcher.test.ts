import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { ManualTimers } from '../../test/support/manual-timers.ts';
import { notice, SINCE } from '../../test/support/notices.ts';
import { ManualClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { Decision, Incident } from '../model/incident.ts';
import { DeliveryFile } from './delivery-file.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Notifier, Outcome, Told } from './notifier.ts';
import { notifySchema } from './settings.ts';

const HOUR = 3_600_000;
const SENT: Outcome = { kind: 'sent' };

/** A channel whose answers are written down before it is asked. */
class Scripted implements Notifier {
  readonly name: string;
  readonly told: (readonly Told[])[] = [];
  readonly answers: (Outcome | Promise<Outcome> | Error)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async notify(notices: readonly Told[]): Promise<Outcome> {
    this.told.push(notices);
    const answer = await (this.answers.shift() ?? SENT);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** What was told, message by message. */
  get messages(): string[] {
    return this.told.map((notices) =>
      notices.map(({ notice: { what, incident } }) => `${what} ${incident.id}`).join(' + '),
    );
  }
}

interface Setting {
  readonly names?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
  readonly channel?: Readonly<Record<string, unknown>>;
  readonly current?: (id: string) => Incident | undefined;
  readonly path?: string;
}

/** A dispatcher with scripted channels; the clock stands still unless `timers` moves it. */
function setUp(t: TestContext, { names = ['hook'], more = {}, channel = {}, current, path }: Setting = {}) {
  const clock = new ManualClock(SINCE);
  clock.advance(0);
  const timers = new ManualTimers(clock);
  const notifiers = new Map(names.map((name) => [name, new Scripted(name)]));
  const hook = { type: 'webhook', url: 'https://example.com/', ...channel };
  const settings = v.parse(notifySchema, {
    channels: Object.fromEntries(names.map((name) => [name, hook])),
    ...more,
  });
  const file = path ?? join(ownFolder(t), 'notify.db');
  const decisions: (Decision & { incident: string })[] = [];
  const open = (): Dispatcher =>
    new Dispatcher({
      ...{ settings, notifiers, clock, timers, log: silentLog, random: () => 0.5 },
      file: new DeliveryFile(file),
      link: () => undefined,
      ...(current && { current }),
      onDecision: (incident, decision) => decisions.push({ incident, ...decision }),
    });
  const dispatcher = open();
  dispatcher.start();
  return { clock, timers, notifiers, hook: notifiers.get(names[0]!)!, dispatcher, decisions, file, open };
}

function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-notify-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const failing = (why = 'HTTP 500'): Outcome => ({ kind: 'retry', why });

test('a notice is told at once, and what was told is on record', async (t) => {
  const { dispatcher, timers, hook, decisions, file } = setUp(t);
  dispatcher.tell(notice());
  await timers.advance(0);
  assert.deepEqual(hook.messages, ['opened 3f2a9c81d0b7e645']);
  assert.deepEqual(
    decisions.map(({ what, told, why }) => [what, told, why]),
    [['opened', true, 'told by hook']],
  );
  await dispatcher.stop();
  const [entry] = new DeliveryFile(file).entries(10);
  assert.equal(entry?.outcome, 'sent');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('what fails is tried again, later each time, and told once', async (t) => {
  const { dispatcher, timers, hook, decisions } = setUp(t);
  hook.answers.push(failing(), failing(), failing());
  dispatcher.tell(notice());
  // Half of 2, 4 and 8 s.
  const seen: number[] = [];
  for (const ms of [0, 999, 1, 1999, 1, 3999, 1, HOUR]) {
    await timers.advance(ms);
    seen.push(hook.told.length);
  }
  assert.deepEqual(seen, [1, 1, 2, 2, 3, 3, 4, 4]);
  assert.deepEqual(
    decisions.map(({ told, why }) => [told, why]),
    [
      [false, 'hook not reached yet: HTTP 500'],
      [true, 'told by hook'],
    ],
  );
});

test('the other side says when, and is not asked before', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  hook.answers.push({ kind: 'retry', why: 'HTTP 429', afterMs: 120_000 });
  dispatcher.tell(notice());
  await timers.advance(0);
  dispatcher.tell(notice('opened', { id: 'another' }));
  await timers.advance(119_999);
  assert.equal(hook.told.length, 1);
  await timers.advance(2001);
  assert.equal(hook.told.length, 3);
});

test('what is refused is not tried again, and is counted', async (t) => {
  const { dispatcher, timers, hook, decisions } = setUp(t);
  hook.answers.push({ kind: 'failed', why: 'HTTP 403' });
  dispatcher.tell(notice());
  await timers.advance(HOUR);
  assert.equal(hook.told.length, 1);
  assert.deepEqual(decisions[0]?.why, 'hook refused: HTTP 403');
  assert.deepEqual(
    dispatcher.losses().map(({ what, why, count }) => [what, why, count]),
    [['notices not told', 'hook: HTTP 403', 1]],
  );
});

test('a channel that hangs is given up after its time, and holds no other one up', async (t) => {
  const { dispatcher, timers, notifiers } = setUp(t, {
    names: ['slow', 'quick'],
    channel: { timeout: '10s' },
  });
  notifiers.get('slow')!.answers.push(new Promise(() => {}));
  dispatcher.tell(notice());
  await timers.advance(0);
  assert.deepEqual(notifiers.get('quick')!.told.length, 1);
  await timers.advance(9999);
  assert.equal(notifiers.get('slow')!.told.length, 1);
  await timers.advance(1 + 1000);
  assert.equal(notifiers.get('slow')!.told.length, 2);
});

test('a notifier that throws is tried again', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  hook.answers.push(new Error('a defect'));
  dispatcher.tell(notice());
  await timers.advance(1000);
  assert.equal(hook.told.length, 2);
});

test('what waits survives a restart, and what was told is not told again', async (t) => {
  const first = setUp(t);
  first.dispatcher.tell(notice('opened', { id: 'told' }));
  await first.timers.advance(0);
  first.hook.answers.push(failing());
  first.dispatcher.tell(notice('opened', { id: 'waits' }));
  await first.timers.advance(0);
  await first.dispatcher.stop();
  const second = setUp(t, { path: first.file });
  await second.timers.advance(1000);
  assert.deepEqual(second.hook.messages, ['opened waits']);
});

test('what is under way when the program ends waits for the next start', async (t) => {
  const first = setUp(t);
  first.hook.answers.push(new Promise(() => {}));
  first.dispatcher.tell(notice());
  await first.timers.advance(0);
  const stopping = first.dispatcher.stop();
  await first.timers.advance(3000);
  await stopping;
  const second = setUp(t, { path: first.file });
  await second.timers.advance(0);
  assert.deepEqual(second.hook.messages, ['opened 3f2a9c81d0b7e645']);
  assert.equal(second.hook.told[0]?.[0]?.notice.incident.severity, 'HIGH');
});

test('what opened and closed while nobody could be told is told once, as over', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  hook.answers.push(failing());
  dispatcher.tell(notice());
  await timers.advance(0);
  dispatcher.tell(notice('risen'));
  dispatcher.tell(notice('closed'));
  await timers.advance(HOUR);
  assert.deepEqual(hook.messages, ['opened 3f2a9c81d0b7e645', 'closed 3f2a9c81d0b7e645']);
});

test('who has not heard of the beginning is told of it when it rises', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  hook.answers.push(failing());
  dispatcher.tell(notice('opened', { severity: 'LOW' }));
  await timers.advance(0);
  dispatcher.tell(notice('risen'));
  await timers.advance(HOUR);
  const [, second] = hook.told;
  assert.deepEqual(hook.messages[1], 'opened 3f2a9c81d0b7e645');
  assert.equal(second?.[0]?.notice.incident.severity, 'HIGH');
});

test('what closed while Homeostat was away is not told as if it were open', async (t) => {
  const over = notice('closed').incident;
  const first = setUp(t);
  first.hook.answers.push(failing());
  first.dispatcher.tell(notice());
  await first.timers.advance(0);
  await first.dispatcher.stop();
  const second = setUp(t, { path: first.file, current: () => over });
  await second.timers.advance(1000);
  assert.deepEqual(second.hook.messages, ['closed 3f2a9c81d0b7e645']);
});

test('few that wait are told one by one, many in one message', async (t) => {
  for (const [count, messages] of [
    [5, 5],
    [6, 1],
  ] as const) {
    const { dispatcher, timers, hook } = setUp(t);
    hook.answers.push(failing());
    dispatcher.tell(notice('opened', { id: 'a0' }));
    await timers.advance(0);
    for (let n = 1; n < count; n++) dispatcher.tell(notice('opened', { id: `a${n}` }));
    await timers.advance(HOUR);
    assert.equal(hook.told.length - 1, messages, `${count} waited`);
    assert.equal(
      new Set(
        hook.told
          .slice(1)
          .flat()
          .map(({ notice: { incident } }) => incident.id),
      ).size,
      count,
    );
  }
});

test('what the incidents want told together is told in one message, also after a restart', async (t) => {
  const first = setUp(t);
  first.hook.answers.push(failing());
  for (const id of ['a', 'b']) first.dispatcher.tell({ ...notice('opened', { id }), together: true });
  await first.timers.advance(0);
  await first.dispatcher.stop();
  const second = setUp(t, { path: first.file });
  await second.timers.advance(HOUR);
  assert.deepEqual([...first.hook.messages, ...second.hook.messages], Array(2).fill('opened a + opened b'));
});

test('beyond its budget a channel holds back, and tells what it held in one message', async (t) => {
  const { dispatcher, timers, hook, file, open } = setUp(t, { channel: { per_hour: 3 } });
  for (let n = 0; n < 6; n++) {
    dispatcher.tell(notice('opened', { id: `a${n}` }));
    await timers.advance(60_000);
  }
  assert.deepEqual(hook.messages, ['opened a0', 'opened a1', 'opened a2']);
  // A restart does not renew the budget.
  await dispatcher.stop();
  const again = open();
  again.start();
  await timers.advance(HOUR - 6 * 60_000 - 1);
  assert.equal(hook.told.length, 3);
  await timers.advance(1);
  assert.deepEqual(hook.messages[3], 'opened a3 + opened a4 + opened a5');
  assert.ok(file);
});

test('a reminder comes no more often than its route says', async (t) => {
  const { dispatcher, timers, hook } = setUp(t, { more: { routes: [{ to: ['hook'], repeat: '4h' }] } });
  dispatcher.tell(notice());
  for (let hour = 0; hour < 9; hour++) {
    await timers.advance(HOUR);
    dispatcher.tell(notice('reminder'));
  }
  await timers.advance(0);
  assert.deepEqual(
    hook.messages.map((message) => message.split(' ')[0]),
    ['opened', 'reminder', 'reminder'],
  );
});

test('who was told of the beginning is told of the end, whatever the routes say of it by then', async (t) => {
  const routes = [{ to: ['one'], kind: ['process'] }];
  const { dispatcher, timers, notifiers } = setUp(t, { names: ['one', 'other'], more: { routes } });
  dispatcher.tell(notice('opened', { kind: 'process' }));
  await timers.advance(0);
  dispatcher.tell(notice('closed', { kind: 'machine' }));
  await timers.advance(0);
  assert.deepEqual(
    notifiers.get('one')!.messages.map((message) => message.split(' ')[0]),
    ['opened', 'closed'],
  );
  assert.deepEqual(notifiers.get('other')!.messages, []);
});

test('what could not be told for a day is given up and counted', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  for (let n = 0; n < 500; n++) hook.answers.push(failing());
  dispatcher.tell(notice());
  await timers.advance(25 * HOUR);
  assert.match(dispatcher.losses()[0]?.why ?? '', /could not be told within a day/);
  const tries = hook.told.length;
  await timers.advance(HOUR);
  assert.equal(hook.told.length, tries);
});

test('the queue is bounded: the least grave goes first, and is counted', async (t) => {
  const { dispatcher, timers, hook } = setUp(t);
  hook.answers.push(failing());
  dispatcher.tell(notice('opened', { id: 'first', severity: 'LOW' }));
  await timers.advance(0);
  for (let n = 0; n < 200; n++) dispatcher.tell(notice('opened', { id: `a${n}` }));
  assert.equal(dispatcher.losses()[0]?.count, 1);
  await timers.advance(HOUR);
  const ids = new Set(
    hook.told
      .slice(1)
      .flat()
      .map(({ notice: { incident } }) => incident.id),
  );
  assert.equal(ids.size, 200);
  assert.ok(!ids.has('first'));
});

test('an Alertmanager is told again while something is open, outside of the log', async (t) => {
  const channel = { type: 'alertmanager', resend: '1m' };
  const { dispatcher, timers, hook, file } = setUp(t, { channel });
  dispatcher.tell(notice('opened', { id: 'a' }));
  dispatcher.tell(notice('opened', { id: 'b' }));
  await timers.advance(0);
  await timers.advance(60_000);
  assert.equal(hook.messages.at(-1), 'opened a + opened b');
  dispatcher.tell(notice('closed', { id: 'a' }));
  dispatcher.tell(notice('closed', { id: 'b' }));
  await timers.advance(0);
  const messages = hook.told.length;
  await timers.advance(HOUR);
  assert.equal(hook.told.length, messages);
  await dispatcher.stop();
  assert.equal(new DeliveryFile(file).entries(100).length, 4);
});
