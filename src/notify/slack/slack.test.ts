import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { context, HOSTILE, notice, told } from '../../../test/support/notices.ts';
import { Sink } from '../../../test/support/sink.ts';
import type { Outcome, Told } from '../notifier.ts';
import { slackSchema } from './settings.ts';
import { SlackBotNotifier, SlackWebhookNotifier } from './slack.ts';

const TOKEN = 'xoxb-a-token-of-some-length';
const ID = notice().incident.id;

function webhook(sink: Sink): SlackWebhookNotifier {
  const settings = v.parse(slackSchema, { type: 'slack', webhook_url_env: 'SLACK_URL' });
  const env = { SLACK_URL: `${sink.address}/services/T0/B0/hidden` };
  return new SlackWebhookNotifier('chat', settings, context(env));
}

function bot(sink: Sink): SlackBotNotifier {
  const given = { type: 'slack', token_env: 'SLACK_TOKEN', channel: '#ops', api_url: `${sink.address}/api/` };
  return new SlackBotNotifier('chat', v.parse(slackSchema, given), context({ SLACK_TOKEN: TOKEN }));
}

const tell = (to: SlackBotNotifier | SlackWebhookNotifier, ...notices: readonly Told[]): Promise<Outcome> =>
  to.notify(notices, AbortSignal.timeout(5000));

/** Slack's own answer to a message. */
const posted = (sink: Sink): void =>
  sink.status(200, {}, JSON.stringify({ ok: true, channel: 'C1', ts: '1700000000.000100' }));

interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string; readonly verbatim?: boolean };
  readonly elements?: readonly {
    readonly type: string;
    readonly text: string;
    readonly verbatim?: boolean;
  }[];
}

const textsOf = (blocks: readonly Block[]) =>
  blocks.flatMap(({ text, elements = [] }) => [...(text ? [text] : []), ...elements]);

test('an incoming webhook gets blocks and a line for notifications', async (t) => {
  const sink = await Sink.start(t);
  assert.deepEqual(await tell(webhook(sink), told(notice())), { kind: 'sent' });
  const { path, body } = sink.received[0]!;
  assert.equal(path, '/services/T0/B0/hidden');
  const { text, blocks } = JSON.parse(body);
  assert.match(text, /^New: HIGH on web-1: CPU user time/);
  const all = textsOf(blocks)
    .map((one) => one.text)
    .join('\n');
  for (const part of ['New on web-1', '96 % of the change', '97 %, usually 1-6 %', '|Open the dashboard>'])
    assert.ok(all.includes(part), part);
});

test('text of others is no link, no mention and no longer than Slack takes', async (t) => {
  const sink = await Sink.start(t);
  const long = HOSTILE.repeat(100);
  const { culprits, metrics } = notice().incident;
  const hostile = notice('opened', {
    ...{ host: long, sentence: long, cause: long },
    culprits: Array.from({ length: 9 }, () => ({ ...culprits[0]!, name: long, evidence: long })),
    metrics: Array.from({ length: 9 }, () => ({ ...metrics[0]!, metric: long })),
  });
  const advice = [{ what: long, command: long }];
  const link = 'http://x/?a=1&b=<c>';
  await tell(webhook(sink), told(hostile, { advice, link }));
  const notices = Array.from({ length: 90 }, () => told(hostile, { link }));
  await tell(webhook(sink), ...notices);
  for (const { body } of sink.received) {
    const { text, blocks } = JSON.parse(body) as { text: string; blocks: Block[] };
    assert.ok(blocks.length > 0 && blocks.length <= 50);
    assert.doesNotMatch(text, /<|[\u0000-\u001f\u202e]/);
    for (const one of textsOf(blocks)) {
      assert.ok(one.text.length > 0 && one.text.length <= (one.type === 'plain_text' ? 150 : 3000), one.text);
      if (one.type !== 'mrkdwn') continue;
      assert.equal(one.verbatim, true);
      const rest = one.text.replace('<http://x/?a=1&amp;b=&lt;c&gt;|Open the dashboard>', '');
      assert.doesNotMatch(rest, /<|>|&(?!amp;|lt;|gt;)|[\u0000-\u0009\u000b-\u001f\u202e]/);
    }
  }
});

test('a command is told as it is to be typed, or not at all', async (t) => {
  const sink = await Sink.start(t);
  const advice = [
    { what: 'look', command: "ls -- '/srv/a b'" },
    { what: 'look there', command: "ls -- '/srv/a`; id #'" },
  ];
  await tell(webhook(sink), told(notice(), { advice }));
  const { blocks } = JSON.parse(sink.received[0]!.body) as { blocks: Block[] };
  const steps = textsOf(blocks).find(({ text }) => text.startsWith('*What to do*'))!.text;
  assert.match(steps, /• look\n`ls -- '\/srv\/a b'`\n• look there$/);
});

test('with a token an incident is a thread whose first message shows how things are', async (t) => {
  const sink = await Sink.start(t);
  const chat = bot(sink);
  posted(sink);
  const first = await tell(chat, told(notice('opened', { severity: 'MEDIUM' })));
  const thread = first.kind === 'sent' ? first.threads?.get(ID) : undefined;
  assert.ok(thread);
  for (const what of ['risen', 'closed'] as const) {
    posted(sink);
    sink.status(200, {}, '{"ok":true}');
    assert.deepEqual(await tell(chat, told(notice(what), { thread })), { kind: 'sent' });
  }
  const calls = sink.received.map(({ path, body }) => ({ path, ...JSON.parse(body) }));
  assert.deepEqual(
    calls.map(({ path, channel, thread_ts: to, ts, reply_broadcast: shown }) => [
      path,
      channel,
      to,
      ts,
      shown,
    ]),
    [
      ['/api/chat.postMessage', '#ops', undefined, undefined, undefined],
      ['/api/chat.postMessage', 'C1', '1700000000.000100', undefined, true],
      ['/api/chat.update', 'C1', undefined, '1700000000.000100', undefined],
      ['/api/chat.postMessage', 'C1', '1700000000.000100', undefined, false],
      ['/api/chat.update', 'C1', undefined, '1700000000.000100', undefined],
    ],
  );
  assert.match(calls.at(-1).text, /^Over after 12 min/);
  assert.equal(sink.received[0]?.headers.authorization, `Bearer ${TOKEN}`);
});

test('a first message that cannot be rewritten does not make the reply fail', async (t) => {
  const sink = await Sink.start(t);
  posted(sink);
  sink.status(200, {}, '{"ok":false,"error":"cant_update_message"}');
  const thread = '{"channel":"C1","ts":"1.2"}';
  const outcome = await tell(bot(sink), told(notice('closed'), { thread }));
  assert.match(outcome.kind === 'sent' ? (outcome.note ?? '') : '', /not updated: cant_update_message/);
});

const answers: readonly [string, number, string, Readonly<Record<string, string>>, object][] = [
  [
    'a channel that is not there',
    200,
    '{"ok":false,"error":"channel_not_found"}',
    {},
    { kind: 'failed', why: 'channel_not_found' },
  ],
  [
    'a token that is repeated',
    200,
    `{"ok":false,"error":"no ${TOKEN}"}`,
    {},
    { kind: 'failed', why: 'no [secret]' },
  ],
  [
    'trouble of its own',
    200,
    '{"ok":false,"error":"internal_error"}',
    {},
    { kind: 'retry', why: 'internal_error' },
  ],
  ['a page of a proxy', 200, '<html>', {}, { kind: 'retry', why: 'an answer that is not its own' }],
  ['too much', 429, '', { 'retry-after': '30' }, { kind: 'retry', why: 'HTTP 429', afterMs: 30_000 }],
];

for (const [name, status, body, headers, outcome] of answers)
  test(`Slack answers with ${name}`, async (t) => {
    const sink = await Sink.start(t);
    sink.status(status, headers, body);
    assert.deepEqual(await tell(bot(sink), told(notice())), outcome);
  });

test('a webhook that is refused does not give its address away', async (t) => {
  const sink = await Sink.start(t);
  sink.status(404, {}, `no_service at ${sink.address}/services/T0/B0/hidden`);
  const outcome = await tell(webhook(sink), told(notice()));
  assert.deepEqual(outcome, { kind: 'failed', why: 'HTTP 404: no_service at [secret]' });
});

test('either a webhook or a token with a channel is needed', () => {
  const ok = (more: object) => v.safeParse(slackSchema, { type: 'slack', ...more }).success;
  assert.ok(ok({ webhook_url_file: '/x' }));
  assert.ok(ok({ token_env: 'X', channel: '#ops' }));
  for (const wrong of [
    {},
    { token_env: 'X' },
    { channel: '#ops' },
    { webhook_url_file: '/x', channel: '#ops' },
    { webhook_url_file: '/x', token_env: 'X', channel: '#ops' },
    { token_env: 'X', token_file: '/x', channel: '#ops' },
    { token: 'X', channel: '#ops' },
    { token_env: 'X', channel: '#ops', api_url: 'http://slack.example.com/' },
  ])
    assert.ok(!ok(wrong), JSON.stringify(wrong));
});
