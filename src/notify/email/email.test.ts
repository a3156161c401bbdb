import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { MailServer } from '../../../test/support/mail-server.ts';
import { context, HOSTILE, notice, told } from '../../../test/support/notices.ts';
import { OwnAuthority, type ServerKey } from '../../../test/support/own-authority.ts';
import type { Outcome, Told } from '../notifier.ts';
import { EmailNotifier } from './email.ts';
import { emailSchema } from './settings.ts';

let authority: OwnAuthority;
let known: ServerKey;
let elsewhere: ServerKey;
let expired: ServerKey;
before(async () => {
  authority = await OwnAuthority.make();
  elsewhere = await authority.issue(['mail.example.com']);
  expired = await authority.issue(['localhost'], 0.5);
  known = await authority.issue(['localhost', '127.0.0.1']);
});

interface Given {
  readonly server: MailServer;
  readonly password?: string;
  readonly over?: Readonly<Record<string, unknown>>;
}

/** A channel to that server, with its authority and a user. */
function channel(t: TestContext, { server, password = 'right', over = {} }: Given): EmailNotifier {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-mail-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [caFile, passwordFile] = [join(folder, 'ca.pem'), join(folder, 'password')];
  writeFileSync(caFile, authority.certificate);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const settings = v.parse(emailSchema, {
    ...{
      type: 'email',
      host: 'localhost',
      port: server.port,
      user: 'homeostat',
      password_file: passwordFile,
    },
    ...{ ca_file: caFile, from: 'Homeostat <homeostat@example.com>', to: ['ops@example.com'], timeout: '2s' },
    ...over,
  });
  return new EmailNotifier('mail', settings, context());
}

const tls = ({ key, cert }: ServerKey = known) => ({ key, cert });

const send = (mail: EmailNotifier, ...notices: readonly Told[]): Promise<Outcome> =>
  mail.notify(notices, AbortSignal.timeout(5000));

const header = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}: ((?:.|\\r\\n[ \\t])*)`, 'im').exec(text)?.[1]?.replaceAll(/\r\n[ \t]/g, ' ');

test('a notice goes over STARTTLS with a login, as text, HTML and a picture', async (t) => {
  const server = await MailServer.start(t, tls());
  const outcome = await send(channel(t, { server }), told(notice()));
  assert.equal(outcome.kind, 'sent', JSON.stringify(outcome));
  const [mail] = server.mails;
  assert.ok(mail);
  assert.deepEqual(
    [mail.from, mail.to, mail.user, mail.encrypted],
    ['homeostat@example.com', ['ops@example.com'], 'homeostat', true],
  );
  assert.match(header(mail.text, 'Subject') ?? '', /^\[Homeostat\] HIGH on web-1: CPU user time is at 97 %/);
  for (const part of ['text/plain', 'text/html', 'image/png']) assert.ok(mail.text.includes(part), part);
  assert.match(mail.text, /stress \(pid 4711\), started by bash: 96 % of the change/);
  assert.equal(header(mail.text, 'Auto-Submitted'), 'auto-generated');
});

test('an incident is one thread: what follows answers the first message under its subject', async (t) => {
  const server = await MailServer.start(t, tls());
  const mail = channel(t, { server });
  const first = await send(mail, told(notice('opened', { severity: 'MEDIUM' })));
  assert.equal(first.kind, 'sent');
  const thread = first.kind === 'sent' ? first.threads?.get(notice().incident.id) : undefined;
  await send(mail, told(notice('risen'), { thread }));
  await send(mail, told(notice('closed', { sentence: 'another sentence' }), { thread }));
  const [opened, risen, closed] = server.mails.map(({ text }) => text);
  const root = header(opened!, 'Message-ID');
  assert.match(root ?? '', /^<homeostat\.3f2a9c81d0b7e645@example\.com>$/);
  for (const text of [risen!, closed!]) {
    assert.equal(header(text, 'In-Reply-To'), root);
    assert.equal(header(text, 'References'), root);
    assert.equal(header(text, 'Subject'), `Re: ${header(opened!, 'Subject')}`);
    assert.notEqual(header(text, 'Message-ID'), root);
  }
  assert.match(risen!, /Risen to HIGH\./);
  assert.match(closed!, /Over after 12 min\./);
});

test('no text of others becomes a header, a recipient or HTML', async (t) => {
  const server = await MailServer.start(t, tls());
  const { culprits, metrics } = notice().incident;
  const hostile = notice('opened', {
    ...{ host: HOSTILE, sentence: HOSTILE, cause: HOSTILE, id: 'a>\r\nBcc: <victim@example.com' },
    culprits: [{ ...culprits[0]!, name: HOSTILE, evidence: HOSTILE }],
    metrics: [{ ...metrics[0]!, metric: HOSTILE }],
  });
  const advice = [{ what: HOSTILE, command: HOSTILE }];
  const outcome = await send(channel(t, { server }), told(hostile, { advice, link: `http://x/"><b>` }));
  assert.equal(outcome.kind, 'sent');
  const [mail] = server.mails;
  assert.deepEqual(mail!.to, ['ops@example.com']);
  const head = mail!.text.slice(0, mail!.text.indexOf('\r\n\r\n'));
  assert.doesNotMatch(head, /^(?:Bcc|Cc):/im);
  assert.equal(mail!.text.match(/^To:/gim)?.length, 1);
  const html = mail!.text.slice(mail!.text.indexOf('<!doctype')).replaceAll('=\r\n', '');
  assert.doesNotMatch(html, /<script|<b>|<!channel/);
  assert.match(html, /&lt;script&gt;/);
  assert.doesNotMatch(mail!.text, /[\u001b\u202e]/);
});

test('several are told in one letter, the gravest first', async (t) => {
  const server = await MailServer.start(t, tls());
  const notices = [
    told(notice('closed', { id: 'a' })),
    told(notice('opened', { id: 'b', severity: 'LOW', host: 'web-2' })),
    told(notice('opened', { id: 'c' })),
  ];
  assert.equal((await send(channel(t, { server }), ...notices)).kind, 'sent');
  const { text } = server.mails[0]!;
  assert.equal(header(text, 'Subject'), '[Homeostat] 3 incidents on 2 hosts: 2 open (1 HIGH), 1 over');
  const places = ['HIGH on web-1', 'LOW on web-2', 'OVER on web-1'].map((title) => text.indexOf(title));
  assert.deepEqual(
    places,
    [...places].sort((one, other) => one - other),
  );
});

test('a server that does not encrypt is told nothing, and no password', async (t) => {
  const commands: string[] = [];
  const server = await MailServer.start(t, {
    hideSTARTTLS: true,
    onAuth: ({ password }, _session, done) => {
      commands.push(String(password));
      done(null, { user: 'x' });
    },
    allowInsecureAuth: true,
  });
  const outcome = await send(channel(t, { server }), told(notice()));
  assert.notEqual(outcome.kind, 'sent');
  assert.deepEqual([commands, server.mails], [[], []]);
});

const failures: readonly {
  readonly name: string;
  readonly kind: Outcome['kind'];
  readonly why: RegExp;
  readonly options?: () => Parameters<typeof MailServer.start>[1];
  readonly given?: Partial<Omit<Given, 'server'>>;
}[] = [
  {
    name: 'a refused login is for good, and the password is not repeated',
    ...{ kind: 'failed', why: /^localhost:\d+: the login was refused: 535(?!.*wrong-password)/ },
    given: { password: 'wrong-password' },
  },
  {
    name: 'a certificate of an unknown authority says what to do, and is tried again',
    ...{ kind: 'retry', why: /not from an authority that is known here: name the authority with ca_file/ },
    given: { over: { ca_file: undefined } },
  },
  {
    name: 'a certificate for another name',
    ...{ kind: 'retry', why: /certificate is for another name/ },
    options: () => tls(elsewhere),
  },
  {
    name: 'a certificate that has expired',
    ...{ kind: 'retry', why: /has expired: renew it there/ },
    options: () => tls(expired),
  },
  {
    name: 'a recipient that is refused for good',
    ...{ kind: 'failed', why: /550/ },
    options: () => ({
      ...tls(),
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
    }),
  },
  {
    name: 'a recipient that is refused for now',
    ...{ kind: 'retry', why: /451/ },
    options: () => ({
      ...tls(),
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('greylisted'), { responseCode: 451 })),
    }),
  },
];

for (const { name, kind, why, options = () => tls(), given } of failures)
  test(`mail fails: ${name}`, async (t) => {
    const server = await MailServer.start(t, options());
    const outcome = await send(channel(t, { server, ...given }), told(notice()));
    assert.equal(outcome.kind, kind, JSON.stringify(outcome));
    assert.match(outcome.kind === 'sent' ? '' : outcome.why, why);
    assert.equal(server.mails.length, 0);
  });

test('a server that nobody runs, and one that never answers', async (t) => {
  const server = await MailServer.start(t, tls());
  await server.stop();
  const gone = await send(channel(t, { server }), told(notice()));
  assert.deepEqual(gone, { kind: 'retry', why: `localhost:${server.port}: nothing listens there` });
  const slow = await MailServer.start(t, { ...tls(), onConnect: () => {} });
  const begun = performance.now();
  await assert.rejects(
    channel(t, { server: slow }).notify([told(notice())], AbortSignal.timeout(300)),
    /timeout/i,
  );
  assert.ok(performance.now() - begun < 1900, 'it is broken off by the signal, not by its own end');
});

test('where some of the recipients are taken it is sent, and says who was not', async (t) => {
  const server = await MailServer.start(t, {
    ...tls(),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('gone') ? done(Object.assign(new Error('gone'), { responseCode: 550 })) : done(),
  });
  const over = { to: ['ops@example.com', 'gone@example.com'] };
  const outcome = await send(channel(t, { server, over }), told(notice()));
  assert.equal(outcome.kind === 'sent' && outcome.note, 'the server refused gone@example.com');
  assert.deepEqual(server.mails[0]?.to, ['ops@example.com']);
});

test('a password that others could read is not used, and the way to mend it is said', async (t) => {
  const server = await MailServer.start(t, tls());
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-mail-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'password');
  writeFileSync(file, 'right');
  chmodSync(file, 0o640);
  const mail = channel(t, { server, over: { password_file: file } });
  await assert.rejects(send(mail, told(notice())), new RegExp(`mode 0640.*run 'chmod 600 ${file}'`));
  assert.equal(server.mails.length, 0);
});
