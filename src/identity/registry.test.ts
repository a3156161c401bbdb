import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { newSerial } from './keys.ts';
import { type IssuedFacts, Registry } from './registry.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function setUp(t: TestContext) {
  const base = mkdtempSync(join(tmpdir(), 'homeostat-registry-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const folder = join(base, 'identity');
  const clock = new ManualClock(Date.UTC(2026, 10, 21));
  const registry = new Registry(folder, clock);
  const issue = (authority = 'one'): IssuedFacts => ({
    ...{ serial: newSerial(), issuedAt: clock.now(), expiresAt: clock.now() + DAY, authority },
  });
  /** A host of this name with its first certificate. */
  const enrolled = (name: string) => {
    const facts = issue();
    registry.enrol(registry.createToken(HOUR).secret, name, facts);
    return { name, serial: facts.serial };
  };
  const renewed = ({ name, serial }: { name: string; serial: string }) => {
    const facts = issue();
    registry.renew({ name, serial }, facts);
    return { name, serial: facts.serial };
  };
  return { folder, clock, registry, issue, enrolled, renewed };
}

const reasonOf = (verdict: ReturnType<Registry['admit']>): string =>
  verdict.end === 'admitted' ? '' : verdict.reason;

test('a token enrols one host, and says who used it when it comes again', (t) => {
  const { registry, issue } = setUp(t);
  const { secret } = registry.createToken(HOUR);
  const facts = issue();
  registry.enrol(secret, 'web-1', facts);
  assert.equal(registry.admit({ name: 'web-1', serial: facts.serial }).end, 'admitted');
  assert.throws(
    () => registry.enrol(secret, 'web-2', issue()),
    /the token was used by web-1 at 2026-11-21T00:00:00\.000Z, .*homeostat hub token create/,
  );
  assert.equal(registry.members().length, 1);
});

test('a token is refused when it ran out, was revoked, is unknown, or is for another host', (t) => {
  const { registry, clock, issue } = setUp(t);
  const late = registry.createToken(HOUR);
  const named = registry.createToken(DAY, 'db-1');
  const revoked = registry.createToken(DAY);
  registry.revokeToken(registry.tokens()[2]!.id);
  clock.advance(2 * HOUR);
  assert.throws(() => registry.checkEnrolment(late.secret, 'a'), /ran out at .*, 1 h ago by the hub's clock/);
  assert.throws(() => registry.checkEnrolment(named.secret, 'db-2'), /for the host db-1, not for db-2/);
  assert.throws(() => registry.checkEnrolment(revoked.secret, 'a'), /was revoked at/);
  const changed = `${named.secret.slice(0, -1)}${named.secret.endsWith('A') ? 'B' : 'A'}`;
  for (const unknown of [changed, '', 'x'.repeat(5000)])
    assert.throws(() => registry.checkEnrolment(unknown, 'db-1'), /not one of this hub's/);
  assert.throws(() => registry.checkEnrolment(named.secret, '../x'), /cannot be a host's/);
  registry.enrol(named.secret, 'db-1', issue());
  assert.throws(() => registry.revokeToken('nonsense'), /no token is called 'nonsense'/);
});

test('two who use a token at once cannot both win, nor can two processes', (t) => {
  const { folder, clock, registry, issue } = setUp(t);
  const { secret } = registry.createToken(HOUR);
  const other = new Registry(folder, clock);
  // Both have looked, and to both it seemed good.
  registry.checkEnrolment(secret, 'a');
  other.checkEnrolment(secret, 'b');
  other.enrol(secret, 'b', issue());
  assert.throws(() => registry.enrol(secret, 'a', issue()), /was used by b/);
  registry.refresh();
  assert.deepEqual(
    registry.members().map(({ name }) => name),
    ['b'],
  );
});

test('a name that is held is refused; revoked it is free, and run out it is for a token with that name', (t) => {
  const { registry, clock, issue, enrolled } = setUp(t);
  enrolled('web');
  const any = registry.createToken(10 * DAY).secret;
  assert.throws(
    () => registry.checkEnrolment(any, 'web'),
    /web is enrolled already, until .*hub revoke web.*--name/,
  );
  clock.advance(DAY + 1);
  assert.throws(() => registry.checkEnrolment(any, 'web'), /token that was made with '--name web'/);
  registry.enrol(registry.createToken(HOUR, 'web').secret, 'web', issue());
  registry.revoke('web');
  registry.enrol(any, 'web', issue());
  assert.deepEqual(
    registry.members().map(({ name, state }) => [name, state]),
    [['web', 'enrolled']],
  );
});

test('a revoked host is refused by a registry that another process opened before, with what to do', (t) => {
  const { folder, clock, registry, enrolled } = setUp(t);
  const peer = enrolled('web');
  const hub = new Registry(folder, clock);
  assert.equal(hub.admit(peer).end, 'admitted');
  registry.revoke('web');
  hub.refresh();
  assert.match(reasonOf(hub.admit(peer)), /^web was revoked at .*'homeostat hub token create --name web'/);
  assert.throws(() => registry.revoke('nobody'), /no host or client is called 'nobody'/);
});

test('a certificate that was signed but never entered is refused, and so is one of another name', (t) => {
  const { registry, issue, enrolled } = setUp(t);
  const peer = enrolled('web');
  assert.match(
    reasonOf(registry.admit({ name: 'web', serial: issue().serial })),
    /not one that web holds now/,
  );
  assert.match(reasonOf(registry.admit({ name: 'other', serial: peer.serial })), /other is not known/);
  assert.match(reasonOf(registry.admit({ name: '', serial: '' })), /not known/);
});

test('a certificate that ran out, or has not begun because the clock was set back, says which', (t) => {
  const { registry, clock, enrolled } = setUp(t);
  const peer = enrolled('web');
  clock.jump(-3 * HOUR);
  assert.match(
    reasonOf(registry.admit(peer)),
    /begins at .*, 3 h after the hub's clock .*set the clock of the hub/,
  );
  clock.jump(3 * HOUR + DAY + HOUR);
  assert.match(reasonOf(registry.admit(peer)), /ran out at .*, 1 h ago.*token create --name web/);
});

test('a renewal ends its predecessor when it is first used, and not before', (t) => {
  const { registry, enrolled, renewed } = setUp(t);
  const first = enrolled('web');
  const second = renewed(first);
  assert.equal(registry.admit(first).end, 'admitted', 'the answer may have been lost');
  assert.equal(registry.admit(second).end, 'admitted');
  assert.equal(registry.admit(first).end, 'superseded');
  assert.equal(registry.members()[0]?.state, 'enrolled');
});

test('a lost answer is asked for again and is no copy', (t) => {
  const { registry, enrolled, renewed } = setUp(t);
  const first = enrolled('web');
  renewed(first);
  renewed(first);
  const third = renewed(first);
  assert.equal(registry.admit(third).end, 'admitted');
  assert.equal(registry.members()[0]?.state, 'enrolled');
});

test('a copied host is refused on both machines when the second one renews what was renewed', (t) => {
  const { folder, clock, registry, enrolled, renewed } = setUp(t);
  const first = enrolled('web');
  const second = renewed(first);
  registry.admit(second);
  assert.throws(() => renewed(first), /web was copied: .* both are refused.*hub revoke web/);
  assert.match(reasonOf(registry.admit(second)), /web was copied/);
  assert.match(reasonOf(new Registry(folder, clock).admit(first)), /web was copied/);
  assert.throws(
    () => registry.checkEnrolment(registry.createToken(HOUR, 'web').secret, 'web'),
    /a host that was copied; revoke it first/,
  );
  registry.revoke('web');
  assert.ok(enrolled('web'));
});

test('a copied host is found as well when both renew before either has used what it got', (t) => {
  const { registry, enrolled, renewed } = setUp(t);
  const first = enrolled('web');
  const one = renewed(first);
  const other = renewed(first);
  assert.equal(registry.admit(other).end, 'admitted');
  assert.match(reasonOf(registry.admit(one)), /web was copied/);
  assert.match(reasonOf(registry.admit(other)), /web was copied/);
});

test('clients of others may hold several certificates, and are revoked together', (t) => {
  const { registry, issue, enrolled } = setUp(t);
  const [one, other] = [issue(), issue()];
  registry.enterClient('siem', one);
  registry.enterClient('siem', other);
  for (const { serial } of [one, other])
    assert.equal(registry.admit({ name: 'siem', serial }).end, 'admitted');
  assert.throws(() => registry.renew({ name: 'siem', serial: one.serial }, issue()), /hub issue/);
  registry.revoke('siem');
  for (const { serial } of [one, other])
    assert.match(reasonOf(registry.admit({ name: 'siem', serial })), /revoked.*'homeostat hub issue siem'/);
  registry.enterClient('siem', issue());
  enrolled('web');
  assert.throws(() => registry.enterClient('web', issue()), /web is a host that enrolled/);
});

test('certificates of an authority that is no longer trusted are refused', (t) => {
  const { registry, issue } = setUp(t);
  const old = issue('one');
  const fresh = issue('two');
  registry.enterClient('a', old);
  registry.enterClient('b', fresh);
  registry.retireOthers(['two']);
  assert.match(
    reasonOf(registry.admit({ name: 'a', serial: old.serial })),
    /authority .* was replaced.*hub issue a/,
  );
  assert.equal(registry.admit({ name: 'b', serial: fresh.serial }).end, 'admitted');
});

test('the file is for its owner alone and holds no secret; a wider or a damaged one is refused', (t) => {
  const { folder, clock, registry } = setUp(t);
  const { secret } = registry.createToken(HOUR);
  const file = join(folder, 'registry.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file, 'utf8').includes(secret));
  chmodSync(file, 0o644);
  assert.throws(() => new Registry(folder, clock), /registry\.json has mode 0644.*chmod 600 /);
  chmodSync(file, 0o600);
  writeFileSync(file, '{"version":1');
  assert.throws(() => new Registry(folder, clock), /cannot be read.*backup/);
});
