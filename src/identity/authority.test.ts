import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { Authority } from './authority.ts';
import { splitPem } from './keys.ts';
import { signingRequest } from './signing-request.ts';

const DAY = 86_400_000;

function setUp(t: TestContext) {
  const base = mkdtempSync(join(tmpdir(), 'homeostat-identity-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  return { folder: join(base, 'identity'), clock: new ManualClock(Date.UTC(2026, 10, 21)) };
}

test('a client gets a certificate that its authority vouches for, with its name, for clients only', async (t) => {
  const { folder, clock } = setUp(t);
  const authority = await Authority.open(folder, clock);
  const { key, certificate } = await authority.issueClient('laptop', 30);
  const ca = new X509Certificate(authority.certificate);
  const client = new X509Certificate(certificate);
  assert.ok(ca.ca && client.checkIssued(ca) && client.verify(ca.publicKey));
  assert.ok(client.checkPrivateKey(createPrivateKey(key)));
  assert.equal(client.subject, 'CN=laptop');
  assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(client.ca, false);
  assert.equal(Date.parse(client.validTo) - clock.now(), 30 * DAY);
});

test('it is the same authority when it is opened again, and others cannot read its keys', async (t) => {
  const { folder, clock } = setUp(t);
  const first = await Authority.open(folder, clock);
  await first.server();
  assert.equal((await Authority.open(folder, clock)).certificate, first.certificate);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of ['ca.key', 'server.key'])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

test('keys that others could read are refused, with the command that mends it', async (t) => {
  const { folder, clock } = setUp(t);
  await Authority.open(folder, clock);
  chmodSync(join(folder, 'ca.key'), 0o640);
  await assert.rejects(Authority.open(folder, clock), /ca\.key has mode 0640.*chmod 600 /);
  chmodSync(join(folder, 'ca.key'), 0o600);
  chmodSync(folder, 0o755);
  await assert.rejects(Authority.open(folder, clock), /has mode 0755.*chmod 700 /);
});

test("the hub's own certificate is kept, and made anew for another name and before it ends", async (t) => {
  const { folder, clock } = setUp(t);
  const authority = await Authority.open(folder, clock);
  const first = await authority.server();
  assert.match(
    new X509Certificate(first.certificate).subjectAltName ?? '',
    /DNS:localhost, IP Address:127\.0\.0\.1/,
  );
  assert.deepEqual(await authority.server(), first);
  const named = await authority.server(['10.1.2.3', 'hub.example']);
  assert.match(
    new X509Certificate(named.certificate).subjectAltName ?? '',
    /IP Address:10\.1\.2\.3, DNS:hub\.example/,
  );
  assert.deepEqual(await authority.server(), named, 'it covers the fewer names too');
  clock.advance(61 * DAY);
  assert.notDeepEqual(await authority.server(), named);
});

test('an authority that lost its key, or holds something else, says what to do', async (t) => {
  const { folder, clock } = setUp(t);
  await Authority.open(folder, clock);
  const key = readFileSync(join(folder, 'ca.key'));
  writeFileSync(join(folder, 'ca.key'), 'nonsense');
  await assert.rejects(Authority.open(folder, clock), /cannot be read.*backup/);
  writeFileSync(join(folder, 'ca.key'), key);
  rmSync(join(folder, 'ca.pem'));
  await assert.rejects(Authority.open(folder, clock), /ENOENT.*backup/);
});

test('another authority signs for clients at once, while the one before is trusted and signs for the hub', async (t) => {
  const { folder, clock } = setUp(t);
  const old = await Authority.open(folder, clock);
  const [before, pin] = [await old.server(), old.pin];
  const both = await old.rotate(7 * DAY);
  assert.equal(both.transitionEnds, clock.now() + 7 * DAY);
  const [current, previous] = splitPem(both.certificate).map((pem) => new X509Certificate(pem));
  assert.equal(`${previous}`, `${new X509Certificate(old.certificate)}`);
  const client = new X509Certificate((await both.issueClient('laptop', 30)).certificate);
  assert.ok(client.verify(current!.publicKey) && !client.verify(previous!.publicKey));
  assert.deepEqual(await both.server(), before, 'who knows only the old one must find it good');
  assert.ok(both.pin.equals(pin), 'and so must who enrols with a token that was made before');
  await assert.rejects(both.rotate(DAY), /is being replaced already, until .*--finish/);
  assert.deepEqual((await Authority.open(folder, clock)).trusted, both.trusted);

  const after = await both.endTransition();
  assert.deepEqual(splitPem(after.certificate).length, 1);
  assert.ok(!after.pin.equals(pin));
  const server = new X509Certificate((await after.server()).certificate);
  assert.ok(server.verify(current!.publicKey));
  assert.deepEqual(
    readdirSync(folder).filter((name) => statSync(join(folder, name)).mode & 0o077),
    [],
    'nothing of it is for others',
  );
});

test('a change of the authority that was broken off at any point is finished or undone', async (t) => {
  const { folder, clock } = setUp(t);
  const at = (name: string): string => join(folder, name);
  const old = await Authority.open(folder, clock);
  const was = { key: readFileSync(at('ca.key')), pem: readFileSync(at('ca.pem')) };
  const both = await old.rotate(DAY);
  const now = { key: readFileSync(at('ca.key')), pem: readFileSync(at('ca.pem')) };
  const halves: Record<string, Buffer>[] = [
    { 'ca.key': was.key, 'ca.pem': was.pem },
    { 'ca.key': now.key, 'ca.pem': was.pem },
    { 'ca.key': now.key, 'ca.pem': now.pem },
  ];
  for (const files of halves) {
    writeFileSync(at('next.pem'), Buffer.concat([now.key, now.pem]), { mode: 0o600 });
    for (const [name, bytes] of Object.entries(files)) writeFileSync(at(name), bytes);
    const again = await Authority.open(folder, clock);
    assert.deepEqual(again.trusted, both.trusted);
    assert.ok(!existsSync(at('next.pem')));
  }
  writeFileSync(at('ca.key'), was.key);
  await assert.rejects(Authority.open(folder, clock), /the key does not belong to the certificate.*backup/);
});

test('a request whose sender does not have its key, or that is none, is refused', async (t) => {
  const { folder, clock } = setUp(t);
  const authority = await Authority.open(folder, clock);
  const { key } = await authority.issueClient('web', 1);
  const request = Buffer.from(await signingRequest('web', key));
  const issued = new X509Certificate((await authority.signHost('web', request)).certificate);
  assert.ok(issued.checkPrivateKey(createPrivateKey(key)));
  assert.equal(Date.parse(issued.validTo) - clock.now(), DAY);
  request[request.length - 5]! ^= 1;
  await assert.rejects(authority.signHost('web', request), /signature does not belong|no PKCS#10/);
  await assert.rejects(authority.signHost('web', Buffer.from('nonsense')), /no PKCS#10/);
  await assert.rejects(authority.signHost('web', new Uint8Array()), /no PKCS#10/);
});
