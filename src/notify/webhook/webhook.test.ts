import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { context, HOSTILE, notice, SINCE, told } from '../../../test/support/notices.ts';
import { OwnAuthority } from '../../../test/support/own-authority.ts';
import { Sink } from '../../../test/support/sink.ts';
import type { Outcome, Told } from '../notifier.ts';
import { webhookSchema } from './settings.ts';
import { WebhookNotifier } from './webhook.ts';

const SECRET = 'a secret of some length';

function channel(url: string, over: Readonly<Record<string, unknown>> = {}): WebhookNotifier {
  const settings = v.parse(webhookSchema, { type: 'webhook', url, secret_env: 'HOOK_SECRET', ...over });
  return new WebhookNotifier(
    'hook',
    settings,
    context({ HOOK_SECRET: SECRET, HOOK_URL: `${url}?key=hidden` }),
  );
}

const post = (to: WebhookNotifier, ...notices: readonly Told[]): Promise<Outcome> =>
  to.notify(notices, AbortSignal.timeout(5000));

function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-webhook-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('the notice is posted as it is, with an id that stays the same when it comes again', async (t) => {
  const sink = await Sink.start(t);
  const hook = channel(`${sink.address}/in?x=1`);
  const advice = [{ what: 'stop it', command: 'kill 4711' }];
  const hostile = notice('opened', { host: HOSTILE });
  assert.deepEqual(await post(hook, told(hostile, { advice })), { kind: 'sent' });
  await post(hook, told(hostile, { advice }));
  await post(hook, told(notice('closed')));
  const [first, again, other] = sink.received;
  assert.equal(first?.path, '/in?x=1');
  assert.equal(first?.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(first?.headers['user-agent'], 'homeostat/1.2.3');
  const body = JSON.parse(first?.body ?? '');
  assert.equal(body.version, 1);
  assert.deepEqual(body.notices[0].incident, JSON.parse(JSON.stringify(hostile.incident)));
  assert.deepEqual(body.notices[0].advice, advice);
  assert.doesNotMatch(body.notices[0].title, /[\u0000-\u001f]/);
  assert.equal(first?.headers['idempotency-key'], again?.headers['idempotency-key']);
  assert.notEqual(first?.headers['idempotency-key'], other?.headers['idempotency-key']);
});

/** The ways to verify that docs/notifications.md shows, by language. */
function snippet(language: string): string {
  const page = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');
  const code = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  assert.ok(code, `docs/notifications.md has no example in ${language}`);
  return code;
}

const CASES = ['right', 'another secret', 'another body', 'another time', 'no signature', 'too old'] as const;
const VERDICTS = 'true,false,false,false,false,false';

/** Arguments of the documented functions, by case. */
async function cases(t: TestContext): Promise<(readonly [string, string, string, number])[]> {
  const sink = await Sink.start(t);
  await post(channel(sink.address), told(notice('opened', { sentence: 'Größe: 7 µs …' })));
  const { body, headers } = sink.received[0]!;
  const header = String(headers['homeostat-signature']);
  const now = (SINCE + 60_000) / 1000;
  const given: Readonly<Record<(typeof CASES)[number], readonly [string, string, string, number]>> = {
    right: [SECRET, header, body, now + 10],
    'another secret': ['another', header, body, now],
    'another body': [SECRET, header, `${body} `, now],
    'another time': [SECRET, header.replace(/t=\d+/, (time) => `${time.slice(0, -1)}9`), body, now],
    'no signature': [SECRET, header.replace(/,v1=.*/, ''), body, now],
    'too old': [SECRET, header, body, now + 301],
  };
  return CASES.map((name) => given[name]);
}

test('its signature is verified by what the documentation shows for Node', async (t) => {
  const file = join(ownFolder(t), 'verify.mjs');
  writeFileSync(file, snippet('js'));
  const { isFromHomeostat } = await import(file);
  const verdicts = (await cases(t)).map((given) => isFromHomeostat(...given));
  assert.equal(verdicts.join(), VERDICTS);
});

test('its signature is verified by what the documentation shows for Python', async (t) => {
  const program = `${snippet('python')}
import json, sys
given = json.load(sys.stdin)
print(",".join(str(is_from_homeostat(s, h, b.encode(), n)).lower() for s, h, b, n in given))`;
  const input = JSON.stringify(await cases(t));
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
  assert.equal(stdout.trim(), VERDICTS, stderr);
});

test('what it answers decides, and no secret is repeated', async (t) => {
  const sink = await Sink.start(t);
  const hook = channel(sink.address, { url: undefined, url_env: 'HOOK_URL' });
  sink.status(429, { 'retry-after': '7' });
  assert.deepEqual(await post(hook, told(notice())), { kind: 'retry', why: 'HTTP 429', afterMs: 7000 });
  sink.status(403, {}, `not with ${SECRET} at ${sink.address}?key=hidden`);
  const refused = await post(hook, told(notice()));
  assert.deepEqual(refused, { kind: 'failed', why: 'HTTP 403: not with [secret] at [secret]' });
  sink.status(302, { location: `${sink.address}/elsewhere` });
  assert.equal((await post(hook, told(notice()))).kind, 'failed');
  assert.equal(sink.received.length, 3, 'a redirect is not followed');
});

test('a server that breaks off, that is not there, or that never answers', async (t) => {
  const sink = await Sink.start(t);
  sink.answerOnce((response) => response.destroy());
  const broken = await post(channel(sink.address), told(notice()));
  assert.deepEqual(broken, { kind: 'retry', why: `${new URL(sink.address).host}: it closed the connection` });
  const nobody = await post(channel('http://127.0.0.1:1'), told(notice()));
  assert.deepEqual(nobody, { kind: 'retry', why: '127.0.0.1:1: nothing listens there' });
  sink.answerOnce(() => {});
  await assert.rejects(channel(sink.address).notify([told(notice())], AbortSignal.timeout(100)), /timeout/i);
  sink.answerOnce((response) => {
    response.writeHead(200);
    response.flushHeaders();
    const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
    response.on('close', () => clearInterval(timer));
  });
  assert.deepEqual(await post(channel(sink.address), told(notice())), { kind: 'sent' });
});

test('https: with its own authority it is sent, with another one it says what to do', async (t) => {
  const authority = await OwnAuthority.make();
  const sink = await Sink.start(t, await authority.issue(['127.0.0.1']));
  const file = join(ownFolder(t), 'ca.pem');
  writeFileSync(file, authority.certificate);
  assert.deepEqual(await post(channel(sink.address, { ca_file: file }), told(notice())), { kind: 'sent' });
  const unknown = await post(channel(sink.address), told(notice()));
  assert.equal(unknown.kind, 'retry');
  assert.match(unknown.kind === 'retry' ? unknown.why : '', /name the authority with ca_file/);
  assert.equal(sink.received.length, 1);
});

test('without encryption only this machine is told, or who is allowed to be', () => {
  const ok = (url: string, over = {}) =>
    v.safeParse(webhookSchema, { type: 'webhook', url, ...over }).success;
  for (const url of [
    'https://hooks.example.com/x',
    'http://127.0.0.1:8080/',
    'http://[::1]/',
    'http://localhost/',
  ])
    assert.ok(ok(url), url);
  for (const url of [
    'http://hooks.example.com/',
    'http://127.0.0.1.example.com/',
    'ftp://x/',
    'x',
    'https://user:password@example.com/',
  ])
    assert.ok(!ok(url), url);
  assert.ok(ok('http://hooks.example.com/', { allow_http: true }));
});
