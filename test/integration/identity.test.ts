import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Authority } from '../../src/identity/authority.ts';
import { enroll } from '../../src/identity/enroll.ts';
import { readHostIdentity } from '../../src/identity/host-identity.ts';
import { IdentityClient } from '../../src/identity/identity-client.ts';
import { Renewal } from '../../src/identity/renewal.ts';
import { decodeToken, encodeToken } from '../../src/identity/token.ts';
import { type Clock, ManualClock, systemClock } from '../../src/lib/clock.ts';
import { batchOf, Publisher } from '../support/bus.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { begun, linesOf, open, Said, setUp, sourcesIn, startHub } from '../support/identity.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a new host', () => {
  it('is enrolled by one pasted line, publishes with what it got, and is seen by the hub', async (t) => {
    const { folder, data, hub, run, token } = await setUp(t);
    const own = join(folder, 'web-1', 'identity');
    const word = await token();
    const enrolled = await enroll({ token: word, name: 'web-1', folder: own, clock: systemClock });
    assert.equal(enrolled.name, 'web-1');
    assert.ok(Math.abs(enrolled.expiresAt - Date.now() - DAY) < HOUR / 10);
    const stream = await begun(open(t, own));
    stream.send(batchOf(1, ['a', 'b']));
    await stream.next();
    assert.deepEqual([...sourcesIn(data)], Object.entries({ a: 'web-1', b: 'web-1' }));
    const [row] = JSON.parse(await run('hosts', '--json'));
    assert.deepEqual([row.name, row.state, row.kind], ['web-1', 'enrolled', 'host']);
    assert.ok(Date.now() - row.lastSeenAt < 60_000);
    assert.match(await run('hosts'), /^NAME +STATE.*\nweb-1 +enrolled /);
    // The same line at the next start changes nothing; on another host it is worth nothing.
    const again = await enroll({ token: word, folder: own, clock: systemClock });
    assert.equal(again.before, true);
    await assert.rejects(
      enroll({ token: word, name: 'web-2', folder: join(folder, 'web-2'), clock: systemClock }),
      /refused: the token was used by web-1 at /,
    );
    assert.match(linesOf(data), /Enroll from 127\.0\.0\.1 was refused: the token was used by web-1/);
    assert.match(await run('token', 'list'), /used by web-1/);
    const { stdout } = await homeostat(folder, ['bus', 'status', '--data', data]);
    assert.match(
      stdout,
      /^Enrolment +127\.0\.0\.1:\d+, 1 enrolled, 1 refused, 0 of addresses that must wait, /m,
    );
    const metrics = await (await fetch(`${hub.figures}/metrics`)).text();
    for (const line of [
      'hub_enrolled_total 1',
      'hub_enrolments_refused_total 1',
      'hub_enrolments_held_back_total 0',
    ])
      assert.match(metrics, new RegExp(`^${line}$`, 'm'));
  });

  it('keeps its key to itself, in files that nobody else can read, and refuses wider ones', async (t) => {
    const { data, host } = await setUp(t);
    const own = await host('web');
    const modes = ['', 'host.key', 'host.pem', 'ca.pem', 'hub.json'].map((name) =>
      (statSync(join(own, name)).mode & 0o777).toString(8),
    );
    assert.deepEqual(modes, ['700', '600', '600', '600', '600']);
    const { key, ...rest } = readHostIdentity(own)!;
    const body = key.split('\n')[1]!;
    for (const text of [
      JSON.stringify(rest),
      linesOf(data),
      readFileSync(join(data, 'hub/identity/registry.json'), 'utf8'),
    ])
      assert.ok(!text.includes(body));
    chmodSync(join(own, 'host.key'), 0o640);
    assert.throws(() => readHostIdentity(own), /host\.key has mode 0640.*chmod 600 /);
  });

  it('is one, when two use its token at the same moment', async (t) => {
    const { folder, run, token } = await setUp(t);
    const word = await token();
    const names = ['a', 'b', 'c', 'd'];
    const ends = await Promise.allSettled(
      names.map((name) => enroll({ token: word, name, folder: join(folder, name), clock: systemClock })),
    );
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const end of ends)
      if (end.status === 'rejected') assert.match(end.reason.message, /the token was used by [abcd] at /);
    assert.equal(JSON.parse(await run('hosts', '--json')).length, 1);
  });

  it('cannot take the name of another, and the line says what to do', async (t) => {
    const { folder, host, run, token } = await setUp(t);
    await host('web');
    const word = await token();
    const enter = (name: string) =>
      enroll({ token: word, name, folder: join(folder, 'new', 'identity'), clock: systemClock });
    await assert.rejects(enter('web'), /web is enrolled already, until .*'homeostat hub revoke web'.*--name/);
    await run('revoke', 'web');
    assert.equal((await enter('web')).name, 'web');
  });

  it('sends nothing to a hub that is not the one that made the token', async (t) => {
    const folder = ownFolder(t);
    const [one, other] = [
      await startHub(t, join(folder, 'one'), systemClock),
      await startHub(t, join(folder, 'other'), systemClock),
    ];
    const moved = encodeToken({ ...decodeToken(await one.token()), address: other.address });
    const own = join(folder, 'host', 'identity');
    await assert.rejects(
      enroll({ token: moved, name: 'web', folder: own, clock: systemClock }),
      /is not the hub that made the token: its authority is [0-9a-f]{16}, the token wants [0-9a-f]{16}; nothing was sent/,
    );
    assert.deepEqual(other.said.lines, []);
    assert.equal(readHostIdentity(own), undefined);
  });

  it('whose token cannot reach a hub is told where it looked', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const word = await hub.token();
    await hub.close();
    await assert.rejects(
      enroll({ token: word, name: 'web', folder: join(folder, 'i'), clock: systemClock }),
      /the hub at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
    );
  });

  it('is made to wait when it fails too often', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const used = await hub.token();
    await enroll({ token: used, name: 'web', folder: join(folder, 'web'), clock: systemClock });
    const attempt = (): Promise<string> =>
      enroll({ token: used, name: 'x', folder: join(folder, 'x'), clock: systemClock }).then(
        () => 'enrolled',
        (error: Error) => error.message,
      );
    const answers: string[] = [];
    for (let count = 0; count < 12; count++) answers.push(await attempt());
    assert.match(answers[0]!, /was used by web/);
    assert.match(answers.at(-1)!, /too many failed attempts from 127\.0\.0\.1; try again in \d+ s/);
  });
});

describe('clocks that differ', () => {
  for (const [what, offset] of [
    ['ahead of', 3 * HOUR],
    ['behind', -3 * HOUR],
  ] as const)
    it(`are told apart when the host's is ${what} the hub's, and the token stays good`, async (t) => {
      const folder = ownFolder(t);
      const hub = await startHub(t, join(folder, 'hub'), systemClock);
      const token = await hub.token();
      const clock: Clock = { now: () => Date.now() + offset, monotonic: systemClock.monotonic };
      const own = join(folder, 'host', 'identity');
      const line = new RegExp(
        `the clocks differ: the host's is 3 h ${what} the hub's \\(host .*Z, hub .*Z\\)`,
      );
      await assert.rejects(enroll({ token, name: 'web', folder: own, clock }), line);
      // A host so far behind finds that the hub's certificate has not begun, and tells the hub nothing.
      if (offset > 0) assert.match(hub.said.lines.join('\n'), line);
      assert.equal((await enroll({ token, name: 'web', folder: own, clock: systemClock })).name, 'web');
    });

  it('are told by a host that has been enrolled, which is renewed nevertheless', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const own = join(folder, 'host', 'identity');
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock: systemClock });
    const said = new Said();
    const clock: Clock = { now: () => Date.now() + 20 * HOUR, monotonic: systemClock.monotonic };
    const before = readHostIdentity(own)!.certificate;
    const renewal = new Renewal({ folder: own, clock, log: said });
    await renewal.look();
    assert.notEqual(readHostIdentity(own)!.certificate, before);
    assert.match(said.lines.join('\n'), /the clocks differ: the host's is 20 h ahead of the hub's/);
    assert.match(hub.said.lines.join('\n'), /web: the clocks differ: the host's is 20 h ahead/);
  });
});

describe('a certificate', () => {
  it('is renewed before it ends, without a restart, while a stream goes on', async (t) => {
    const { data, host } = await setUp(t);
    const own = await host('web');
    const stream = await begun(open(t, own));
    const renewal = new Renewal({ folder: own, clock: systemClock, log: new Said() });
    await renewal.look();
    const { dueAt, expiresAt } = renewal.state();
    const left = (expiresAt! - dueAt) / DAY;
    assert.ok(left > 0.29 && left < 0.41, `${left} of its life is left when it is due`);
    const [first, key] = [readHostIdentity(own)!.certificate, readHostIdentity(own)!.key];
    await renewal.look(true);
    assert.notEqual(readHostIdentity(own)!.certificate, first);
    assert.equal(readHostIdentity(own)!.key, key);
    assert.equal(renewal.state().problem, undefined);
    stream.send(batchOf(1, ['before']));
    await stream.next();
    const next = await begun(open(t, own));
    next.send(batchOf(1, ['after']));
    await next.next();
    assert.deepEqual([...sourcesIn(data).keys()], ['before', 'after']);
    assert.match(linesOf(data), /web renewed its certificate/);
  });

  it('whose hub is away is tried again later and later, and renewed when the hub is back', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const own = join(folder, 'host', 'identity');
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock: systemClock });
    await hub.close();
    const clock = new ManualClock(Date.now() + 17 * HOUR);
    const said = new Said();
    const renewal = new Renewal({ folder: own, clock, log: said, random: () => 0.5 });
    await renewal.look();
    assert.match(
      said.lines.join('\n'),
      /cannot be renewed yet \(the hub at 127\.0\.0\.1:\d+: .*valid for 7 h/,
    );
    const lines = (): number => said.lines.length;
    // Half of 1, 2, 4, ... minutes, of 30 at most.
    for (const minutes of [0.5, 1, 2, 4, 8, 15, 15]) {
      const before = lines();
      clock.advance(minutes * 60_000 - 1);
      await renewal.look();
      assert.equal(lines(), before, `nothing is tried before ${minutes} min`);
      clock.advance(1);
      await renewal.look();
    }
    const before = readHostIdentity(own)!.certificate;
    await startHub(t, join(folder, 'hub'), systemClock, hub);
    clock.advance(15 * 60_000);
    await renewal.look();
    assert.notEqual(readHostIdentity(own)!.certificate, before);
    // Only that the host's clock is ahead, which made it due in this test.
    assert.match(renewal.state().problem!, /^the clocks differ: the host's is 1[78] h/);
  });

  it('that ran out says so on both sides, and what to do', async (t) => {
    const folder = ownFolder(t);
    const clock = new ManualClock(Date.now() - 2 * DAY);
    const hub = await startHub(t, join(folder, 'hub'), clock);
    const own = join(folder, 'host', 'identity');
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock });
    clock.advance(2 * DAY);
    const said = new Said();
    await new Renewal({ folder: own, clock, log: said }).look();
    const line =
      /the certificate of web ran out at .*, 24 h ago by the hub's clock; run 'homeostat hub token create --name web'/;
    assert.match(said.lines.join('\n'), line);
    assert.match(hub.said.lines.join('\n'), line);
    await hub.close();
    const alone = new Said();
    await new Renewal({ folder: own, clock, log: alone }).look();
    assert.match(
      alone.lines.join('\n'),
      /the certificate of web ran out at .* by this host's clock: run 'homeostat hub/,
    );
  });

  it('of an authority that was replaced while its host was away says so, at the address that is named', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const own = join(folder, 'host', 'identity');
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock: systemClock });
    const { address } = readHostIdentity(own)!;
    await hub.close();
    const both = await (await Authority.open(hub.folder, systemClock)).rotate(HOUR);
    await both.endTransition();
    const later = await startHub(t, join(folder, 'hub'), systemClock);
    const said = new Said();
    const renewal = new Renewal({ folder: own, hub: later.bus, clock: systemClock, log: said });
    await renewal.look(true);
    assert.notEqual(later.bus, address);
    assert.match(
      said.lines.join('\n'),
      new RegExp(
        `what answers at ${later.bus} does not come from an authority that this host trusts: .*hub token create --name web`,
      ),
    );
  });

  it('that was copied is refused on both machines when the second one renews', async (t) => {
    const folder = ownFolder(t);
    const hub = await startHub(t, join(folder, 'hub'), systemClock);
    const [own, copy] = [join(folder, 'host', 'identity'), join(folder, 'copy', 'identity')];
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock: systemClock });
    cpSync(own, copy, { recursive: true });
    chmodSync(copy, 0o700);
    const [said, other] = [new Said(), new Said()];
    const one = new Renewal({ folder: own, clock: systemClock, log: said });
    const two = new Renewal({ folder: copy, clock: systemClock, log: other });
    await one.look(true);
    assert.deepEqual(said.lines, []);
    const stream = await begun(open(t, own));
    await two.look(true);
    const line =
      /web was copied: two machines use its identity, so that both are refused; run 'homeostat hub revoke web'/;
    assert.match(other.lines.join('\n'), line);
    assert.match(hub.said.lines.join('\n'), line);
    await assert.rejects(stream.next(), line);
    await one.look(true);
    assert.match(said.lines.join('\n'), line);
  });
});

describe('a host or client that is revoked', () => {
  it('loses its open stream at once, and gets in no more, with the reason', async (t) => {
    const { folder, data, run, host } = await setUp(t);
    const own = await host('web');
    const others = await host('other');
    await run('issue', 'siem', '--out', folder);
    const { address } = readHostIdentity(own)!;
    const client = new Publisher(address, folder, 'siem');
    t.after(() => client.close());
    assert.equal(await client.publish('a'), 'OK');
    const [stream, neighbour] = [await begun(open(t, own)), await begun(open(t, others))];
    const line = /web was revoked at .*; to let it in again, run 'homeostat hub token create --name web'/;
    const ended = assert.rejects(stream.next(), line);
    assert.match(await run('revoke', 'web'), /again: homeostat hub token create --name web\n$/);
    assert.match(await run('revoke', 'siem'), /again: homeostat hub issue siem\n$/);
    await ended;
    await assert.rejects(open(t, own).next(), line);
    assert.equal(await client.publish('b'), 'SECURITY_VIOLATION');
    assert.match(linesOf(data), /refused: web was revoked at/);
    neighbour.send(batchOf(1, ['c']));
    await neighbour.next();
    assert.deepEqual([...sourcesIn(data).keys()], ['a', 'c']);
    const said = new Said();
    await new Renewal({ folder: own, clock: systemClock, log: said }).look(true);
    assert.match(said.lines.join('\n'), line);
  });
});

describe('a certificate that runs out while its stream is open', () => {
  it('ends the stream, with the reason', async (t) => {
    const folder = ownFolder(t);
    const clock = new ManualClock(Date.now());
    const hub = await startHub(t, join(folder, 'hub'), clock);
    const own = join(folder, 'host', 'identity');
    await enroll({ token: await hub.token(), name: 'web', folder: own, clock });
    const stream = await begun(open(t, own));
    clock.advance(25 * HOUR);
    await assert.rejects(stream.next(), /the certificate of web ran out at .*, 1 h ago by the hub's clock/);
  });
});

describe('a certificate of another hub', () => {
  it('is told nothing about hosts where it asks', async (t) => {
    const folder = ownFolder(t);
    const [one, other] = [
      await startHub(t, join(folder, 'one'), systemClock),
      await startHub(t, join(folder, 'other'), systemClock),
    ];
    const [own, theirs] = [join(folder, 'own', 'identity'), join(folder, 'theirs', 'identity')];
    await enroll({ token: await one.token(), name: 'web', folder: own, clock: systemClock });
    await enroll({ token: await other.token(), name: 'web', folder: theirs, clock: systemClock });
    one.registry().revoke('web');
    const { authorities, enrolment } = readHostIdentity(own)!;
    const client = new IdentityClient(enrolment, { authorities });
    t.after(() => client.close());
    const reason = async (identity: string): Promise<string> => {
      const certificate = new X509Certificate(readHostIdentity(identity)!.certificate).raw;
      return (await client.examine({ certificate, hostTimeMs: BigInt(Date.now()) })).reason;
    };
    assert.match(await reason(own), /web was revoked/);
    assert.match(await reason(theirs), /no authority that this hub trusts signed the certificate/);
  });
});

describe('homeostat agent', () => {
  it('enrols itself by the pasted line, publishes, and goes on with a renewed certificate', async (t) => {
    const { folder, data, run, token } = await setUp(t);
    const hosts = join(folder, 'agent');
    mkdirSync(hosts);
    mkdirSync(join(hosts, 'home'));
    const word = await token('--name', 'shop');
    const agent = await Daemon.start(t, hosts, { command: 'agent', args: ['--enroll', word] });
    await agent.until(({ publish }) => publish!.sent.events > 0, 'an acknowledged event');
    const { publish } = await agent.status();
    assert.deepEqual([publish!.name, publish!.certificateProblem], ['shop', undefined]);
    const identity = join(hosts, 'data', 'identity');
    await new Renewal({ folder: identity, clock: systemClock, log: new Said() }).look(true);
    const { since } = publish!;
    await agent.until(
      ({ publish: now }) => now!.state === 'connected' && now!.since > since,
      'a stream with the renewed certificate',
    );
    const sent = (await agent.status()).publish!.sent.events;
    await agent.until((status) => status.publish!.sent.events > sent, 'another acknowledged event');
    assert.deepEqual(new Set(sourcesIn(data).values()), new Set(['shop']));
    // The same line again, as a service file has it.
    assert.equal((await agent.end()).code, 0);
    const again = await Daemon.start(t, hosts, { command: 'agent', args: ['--enroll', word] });
    await again.until((status) => status.publish!.state === 'connected', 'the stream of the next start');
    await run('revoke', 'shop');
    await again.until(
      (status) => /shop was revoked/.test(status.publish!.problem ?? ''),
      'the reason why it is refused',
    );
  });

  it('names what is wrong with a token or a name in one line', async (t) => {
    const folder = ownFolder(t);
    const said = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await homeostat(folder, ['agent', '--data', join(folder, 'd'), ...args]);
      assert.equal(code, 2);
      assert.match(stderr, /^homeostat: [^\n]+\n$/);
      return stderr;
    };
    assert.match(await said('--enroll', 'abc'), /the token is none: it begins with hst1_/);
    assert.match(await said('--enroll', 'hst1_AAAA'), /damaged or not whole/);
    assert.match(await said('--name', 'web'), /--name goes with --enroll/);
    assert.match(await said('--enroll', 'hst1_AAAA', '--name', '../x'), /expected 1 to 63 letters/);
  });
});
