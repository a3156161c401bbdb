import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { Incident } from '../../src/model/incident.ts';
import { AlertmanagerNotifier } from '../../src/notify/alertmanager/alertmanager.ts';
import { alertmanagerSchema } from '../../src/notify/alertmanager/settings.ts';
import type { Outcome } from '../../src/notify/notifier.ts';
import { Alertmanager } from '../support/alertmanager.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { MailServer } from '../support/mail-server.ts';
import { context, HOSTILE, notice, told } from '../support/notices.ts';
import { OwnAuthority } from '../support/own-authority.ts';
import { Sink } from '../support/sink.ts';

const threadOf = (outcome: Outcome): string | undefined =>
  outcome.kind === 'sent' ? outcome.threads?.get(notice().incident.id) : undefined;

test('a real Alertmanager shows what is open, follows its severity, and forgets what is over', async (t) => {
  const manager = await Alertmanager.start(t, ownFolder(t));
  const settings = v.parse(alertmanagerSchema, { type: 'alertmanager', url: `${manager.address}/` });
  const channel = new AlertmanagerNotifier('am', settings, { ...context(), now: () => Date.now() });
  const since = Date.now() - 60_000;
  const over = { since, cause: HOSTILE, host: HOSTILE };
  const tell = (one: Parameters<typeof told>[0], thread?: string): Promise<Outcome> =>
    channel.notify([told(one, { thread })], AbortSignal.timeout(5000));

  const opened = await tell(notice('opened', { ...over, severity: 'MEDIUM' }));
  assert.equal(opened.kind, 'sent', JSON.stringify(opened));
  const [first, ...others] = await manager.alerts();
  assert.ok(first);
  assert.deepEqual(others, []);
  const { alertname, severity, incident } = first.labels;
  assert.deepEqual([alertname, severity, incident], ['HomeostatIncident', 'warning', notice().incident.id]);
  assert.equal(Date.parse(first.startsAt), since);
  assert.equal(first.generatorURL, 'http://127.0.0.1:4663');
  assert.match(first.annotations.summary ?? '', /^CPU user time is at 97 %/);
  assert.match(first.annotations.culprits ?? '', /^stress \(pid 4711\)/);
  const texts = Object.values({ ...first.labels, ...first.annotations });
  assert.doesNotMatch(texts.join(''), /[\u0000-\u0009\u000b-\u001f\u202e]/);

  const risen = await tell(notice('risen', over), threadOf(opened));
  const now = await manager.alerts();
  assert.deepEqual(
    now.map(({ labels }) => labels.severity),
    ['critical'],
  );
  assert.ok(Date.parse(now[0]!.endsAt) > Date.now() + 60_000);

  const closed = { ...over, closedAt: Date.now() };
  assert.equal((await tell(notice('closed', closed), threadOf(risen))).kind, 'sent');
  assert.deepEqual(await manager.alerts(), []);
});

/** A folder with a configuration whose channels are a mail server and a sink of this test. */
async function configured(t: TestContext) {
  const folder = ownFolder(t);
  const authority = await OwnAuthority.make();
  const mail = await MailServer.start(t, await authority.issue(['localhost']));
  const sink = await Sink.start(t);
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  writeFileSync(join(folder, 'password'), 'right\n', { mode: 0o600 });
  writeFileSync(join(folder, 'wide'), 'a secret that all can read', { mode: 0o644 });
  const config = join(folder, 'homeostat.yaml');
  writeFileSync(
    config,
    `notify:
  channels:
    mail:
      type: email
      host: localhost
      port: ${mail.port}
      user: homeostat
      password_file: ${folder}/password
      ca_file: ${folder}/ca.pem
      from: homeostat@example.com
      to: [ops@example.com]
    hook: { type: webhook, url: '${sink.address}/in', secret_file: ${folder}/wide }
    env: { type: webhook, url_env: HOOK_URL, secret_env: HOOK_SECRET }
  routes:
    - { to: [mail], severity: HIGH, host: ['db*'], repeat: 4h }
    - { to: [hook], off: true }
`,
  );
  return { folder, mail, sink, args: ['--data', join(folder, 'data'), '--config', config] };
}

test('a channel is tried by hand, and what came of it is in the log', async (t) => {
  const { folder, mail, sink, args } = await configured(t);
  const env = { HOOK_URL: `${sink.address}/?key=hidden-key`, HOOK_SECRET: 'a signing secret' };
  const sent = await homeostat(folder, ['notify', 'test', 'mail', ...args]);
  assert.match(sent.stdout, /^mail was told in \d+ ms \(ops@example.com by localhost\)\n$/, sent.stderr);
  assert.equal(mail.mails.length, 1);
  assert.match(mail.mails[0]?.text ?? '', /Subject: \[Homeostat\] TEST on /);

  const wide = await homeostat(folder, ['notify', 'test', 'hook', ...args]);
  assert.equal(wide.code, 1);
  assert.match(wide.stderr, new RegExp(`hook was not told: .*mode 0644.*chmod 600 ${folder}/wide`));

  sink.status(403, {}, 'not with a signing secret and hidden-key');
  const refused = await homeostat(folder, ['notify', 'test', 'env', ...args], env);
  assert.deepEqual([refused.code, sink.received.length], [1, 1]);
  assert.match(refused.stderr, /env was not told: HTTP 403: not with \[secret\]/);

  const log = await homeostat(folder, ['notify', 'log', '--json', ...args.slice(0, 2)]);
  const entries = JSON.parse(log.stdout) as { channel: string; outcome: string; what: string }[];
  assert.deepEqual(
    entries.map(({ channel, outcome, what }) => [channel, outcome, what]),
    [
      ['env', 'failed', 'test'],
      ['hook', 'failed', 'test'],
      ['mail', 'sent', 'test'],
    ],
  );
  const ofMail = await homeostat(folder, ['notify', 'log', '--channel', 'mail', ...args.slice(0, 2)]);
  assert.equal(ofMail.stdout.trim().split('\n').length, 2);
  const said = [sent, wide, refused, log, ofMail].map(({ stdout, stderr }) => stdout + stderr).join('');
  assert.doesNotMatch(said, /a signing secret|a secret that all can read/);
});

test('the list shows channels, routes and what is wrong, without secrets', async (t) => {
  const { folder, args } = await configured(t);
  const { stdout, code } = await homeostat(folder, ['notify', 'list', '--config', args[3]!]);
  assert.equal(code, 0);
  for (const line of [
    /^mail {2}email {9}ops@example.com by localhost$/m,
    /^hook {2}webhook {7}http:\/\/127\.0\.0\.1:\d+\n {6}cannot be told: .*chmod 600/m,
    /^env {3}webhook {7}a URL that is secret\n {6}cannot be told: HOOK_SECRET.*\n {6}cannot be told: HOOK_URL/m,
    /^Routes \(all that fit\):$/m,
    /^ {2}HIGH or graver, on db\*, reminded every 4 h at most -> mail$/m,
    /^ {2}everything -> hook \(off\)$/m,
  ])
    assert.match(stdout, line);
});

test('a channel that is not there, and a configuration that is wrong, are said in a line', async (t) => {
  const { folder, args } = await configured(t);
  const unknown = await homeostat(folder, ['notify', 'test', 'mial', ...args]);
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [2, "homeostat: 'mial' is not a channel of the configuration; there are mail, hook, env\n"],
  );
  const file = join(folder, 'wrong.yaml');
  writeFileSync(
    file,
    "notify:\n  channels:\n    a: { type: emial }\n    b: { type: webhook, url: 'http://example.com/' }\n  routes:\n    - { to: [c] }\n",
  );
  const { code, stderr } = await homeostat(folder, ['notify', 'list', '--config', file]);
  assert.equal(code, 2);
  assert.match(stderr, /wrong\.yaml:3: notify\.channels\.a\.type: "emial" is not one of email, slack/);
  assert.match(stderr, /wrong\.yaml:4: notify\.channels\.b: .* is not allowed without encryption: use https/);
});

test('a daemon tells of an incident once, through a kill, and the incident knows who was told', async (t) => {
  const { folder, sink, args } = await configured(t);
  const config = join(folder, 'daemon.yaml');
  writeFileSync(
    config,
    `limits: { memory: 0.1%, memory_for: 2s }
notify:
  channels:
    hook: { type: webhook, url: '${sink.address}/in', secret_env: HOOK_SECRET }
`,
  );
  // The first try fails, and the daemon is killed while the notice waits.
  sink.status(503, { 'retry-after': '5' });
  const env = { HOOK_SECRET: 'a signing secret' };
  const daemon = await Daemon.start(t, folder, { args: ['--config', config], env });
  const whys = async (): Promise<string[]> => {
    const { stdout } = await homeostat(folder, ['incidents', '--json', ...args.slice(0, 2)]);
    const [incident] = JSON.parse(stdout) as Incident[];
    return incident?.decisions.map(({ why }) => why) ?? [];
  };
  await until(async () => (await whys()).includes('hook not reached yet: HTTP 503'), 'the first try');
  await daemon.end('SIGKILL');
  const again = await Daemon.start(t, folder, { args: ['--config', config], env });
  await until(() => sink.received.length === 2, 'the notice after the restart');

  const [first, second] = sink.received.map(({ body }) => JSON.parse(body).notices[0]);
  assert.deepEqual([second.what, second.incident.id], ['opened', first.incident.id]);
  assert.equal(second.incident.kind, 'threshold');
  assert.equal(second.incident.host, hostname());
  const keys = sink.received.map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys[0], keys[1]);
  await until(async () => (await whys()).at(-1) === 'told by hook', 'the decision');
  assert.doesNotMatch(again.log(), /a signing secret/);
  assert.equal((await again.end()).code, 0);
});

/** Waits until it is so, half a minute at most. */
async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let end = Date.now() + 30_000; !(await isSo()); await sleep(50))
    if (Date.now() > end) throw new Error(`${what} did not come`);
}
