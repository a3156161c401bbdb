import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Envelope, UniversalEnvelope } from '../../proto/generated/messaging/messaging.ts';
import type { BusStatus } from '../../src/model/bus.ts';
import { batchOf, Publisher, StreamPublisher } from '../support/bus.ts';
import { homeostat } from '../support/daemon.ts';
import { enrolHosts } from '../support/hub.ts';
import { linesOf, setUp, sourcesIn } from '../support/identity.ts';
import { makeStubs, python } from '../support/python-client.ts';

const REQUIRED = { args: ['--require-signatures'] };

/** A client of the hub that was issued with these options, and what it signs with: the key of its certificate. */
async function issued(
  t: TestContext,
  { folder, run, hub }: Awaited<ReturnType<typeof setUp>>,
  name: string,
  ...options: readonly string[]
) {
  await run('issue', name, '--out', folder, ...options);
  const client = new Publisher(hub.address, folder, name);
  t.after(() => client.close());
  return { client, key: createPrivateKey(readFileSync(join(folder, `${name}.key`))) };
}

const universal = (idempotencyKey: string): UniversalEnvelope =>
  UniversalEnvelope.fromPartial({
    ...{ version: '1', tsNs: 1n, idempotencyKey, signingAlgorithm: 'ECDSA', priority: 'HIGH' },
    ...{ process: { pid: 1n, exe: '/bin/true' }, prevSig: Buffer.from('the one before') },
  });

/** As the documentation has it: the message without `sig`, then with it. */
function signed(envelope: UniversalEnvelope, key: KeyObject): Uint8Array {
  const body = UniversalEnvelope.encode(envelope).finish();
  const sig = sign(key.asymmetricKeyType === 'ec' ? 'sha256' : null, body, key);
  return UniversalEnvelope.encode({ ...envelope, sig }).finish();
}

describe('a hub that requires signatures', () => {
  it('takes an envelope that the key of its client signed, and no other', async (t) => {
    const hub = await setUp(t, REQUIRED);
    const { client, key } = await issued(t, hub, 'one');
    const other = await issued(t, hub, 'other');
    assert.equal(await client.send(signed(universal('right'), key)), 'OK');
    assert.equal(await client.send(signed(universal('right'), key)), 'OK', 'sent again');
    const refused = async (bytes: Uint8Array, why: string): Promise<void> =>
      assert.equal(await client.send(bytes), 'SECURITY_VIOLATION', why);
    await refused(UniversalEnvelope.encode(universal('missing')).finish(), 'missing');
    const constant = { ...universal('constant'), sig: Buffer.from('constant') };
    await refused(UniversalEnvelope.encode(constant).finish(), 'a constant');
    await refused(signed(universal('of another'), other.key), 'of another client');
    const { sig } = UniversalEnvelope.decode(signed(universal('moved'), key));
    await refused(
      UniversalEnvelope.encode({ ...universal('elsewhere'), sig }).finish(),
      'of another message',
    );
    const tampered = signed(universal('tampered'), key);
    tampered.set(Buffer.from('/bin/fals'), Buffer.from(tampered).indexOf('/bin/true'));
    await refused(tampered, 'tampered with');
    const unknown = Buffer.concat([signed(universal('unknown'), key), Buffer.from([0xa2, 0x38, 0x01, 0x78])]);
    await refused(unknown, 'a field was added');
    const twice = signed(universal('twice'), key);
    await refused(Buffer.concat([Buffer.from([0x42, 0x01, 0x78]), twice]), 'two signatures');
    assert.equal(await client.send(Buffer.from([0x1a])), 'INVALID', 'no message');
    assert.deepEqual([...sourcesIn(hub.data).keys()], ['right']);
    assert.match(linesOf(hub.data), /refused: sig is missing: only signed envelopes are taken/);
    const { stdout } = await homeostat(hub.folder, ['bus', 'status', '--data', hub.data, '--json']);
    const status: BusStatus = JSON.parse(stdout);
    assert.deepEqual([status.unsigned, status.published.denied], [7, 7]);
    const shown = await homeostat(hub.folder, ['bus', 'status', '--data', hub.data]);
    assert.match(shown.stdout, /^Signatures +required; 7 envelopes had none that verifies$/m);
  });

  it('asks the same of an Envelope, which has a service and a field of its own', async (t) => {
    const hub = await setUp(t, REQUIRED);
    const { client, key } = await issued(t, hub, 'one');
    const envelope = Envelope.fromPartial({ tsNs: 1n, idempotencyKey: 'a', payload: Buffer.from('x') });
    const body = Envelope.encode(envelope).finish();
    const send = (sig: Uint8Array): Promise<string> =>
      client.sendEnvelope(Envelope.encode({ ...envelope, sig: Buffer.from(sig) }).finish());
    assert.equal(await send(sign('sha256', Buffer.from('other bytes'), key)), 'UNAUTHORIZED');
    assert.equal(await send(Buffer.alloc(0)), 'UNAUTHORIZED');
    assert.equal(await send(sign('sha256', body, key)), 'OK');
  });

  it('verifies with a key that the client keeps to itself, where it was issued with one', async (t) => {
    const hub = await setUp(t, REQUIRED);
    for (const [name, pair] of [
      ['edwards', generateKeyPairSync('ed25519')],
      ['nist', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ] as const) {
      const file = join(hub.folder, `${name}-public.pem`);
      writeFileSync(file, pair.publicKey.export({ type: 'spki', format: 'pem' }));
      const { client, key } = await issued(t, hub, name, '--signing-key', file);
      assert.equal(await client.send(signed(universal(name), pair.privateKey)), 'OK');
      assert.equal(
        await client.send(signed(universal('x'), key)),
        'SECURITY_VIOLATION',
        'of its certificate',
      );
    }
  });

  it('takes events on a stream from hosts that enrolled, and from no client, as they have no signature', async (t) => {
    const { folder, data, run, hub } = await setUp(t, REQUIRED);
    await enrolHosts(data, folder, ['web']);
    const host = new StreamPublisher(hub.address, folder, 'web');
    t.after(() => host.close());
    await host.next();
    host.send(batchOf(1, ['a']));
    await host.next();
    await run('issue', 'siem', '--out', folder);
    const client = new StreamPublisher(hub.address, folder, 'siem');
    t.after(() => client.close());
    await assert.rejects(client.next(), /siem is a client: while signatures are required only hosts/);
    assert.deepEqual([...sourcesIn(data)], [['a', 'web']]);
  });

  it('takes what a client in Python signs, with stubs of its own', async (t) => {
    const { folder, run, hub } = await setUp(t, REQUIRED);
    await run('issue', 'client', '--out', folder);
    const stubs = makeStubs(folder);
    assert.deepEqual((await python(stubs, hub, folder, 5, '--sign')).answers, { OK: 5 });
    assert.deepEqual((await python(stubs, hub, folder, 5, '--sign', '--flow')).answers, { OK: 5 });
    const { answers, reason } = await python(stubs, hub, folder, 1);
    assert.deepEqual(answers, { SECURITY_VIOLATION: 1 });
    assert.match(reason, /^sig does not verify under a key that is enrolled for client$/);
  });
});

describe('a key to sign with', () => {
  it('is refused in one line where it is private, of another kind, or none', async (t) => {
    const { folder, data } = await setUp(t);
    const says = async (text: string | Buffer): Promise<string> => {
      const file = join(folder, 'key.pem');
      writeFileSync(file, text);
      const { code, stderr } = await homeostat(folder, [
        ...['hub', 'issue', 'x', '--data', data, '--out', folder, '--signing-key', file],
      ]);
      assert.equal(code, 2);
      assert.match(stderr, /^homeostat: [^\n]+\n$/);
      return stderr;
    };
    const { privateKey } = generateKeyPairSync('ed25519');
    assert.match(await says(privateKey.export({ type: 'pkcs8', format: 'pem' })), /is a private key/);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    assert.match(await says(rsa.export({ type: 'spki', format: 'pem' })), /another kind \(rsa\)/);
    assert.match(await says('none'), /is no public key in PEM/);
  });
});
