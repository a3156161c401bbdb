import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { enroll } from '../../src/identity/enroll.ts';
import { Renewal } from '../../src/identity/renewal.ts';
import { decodeToken } from '../../src/identity/token.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { batchOf } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { HubProcess } from '../support/hub.ts';
import { begun, linesOf, open, pinsOf, Said, setUp, sourcesIn } from '../support/identity.ts';

describe('another authority', () => {
  it('takes over while a host publishes, and no event is lost', async (t) => {
    const { folder, data, run, token, host } = await setUp(t);
    const own = await host('web');
    const idle = await host('idle');
    const acknowledged: string[] = [];
    let going = true;
    let connections = 0;
    // As an agent does: what has no answer when a stream ends is sent again on the next one.
    const publishing = (async () => {
      let number = 0;
      let keys: string[] = [];
      while (going || keys.length > 0) {
        const stream = open(t, own);
        try {
          await begun(stream);
          connections++;
          for (let batch = 1; batch <= 40 && (going || keys.length > 0); batch++) {
            if (keys.length === 0) keys = Array.from({ length: 20 }, () => `${number++}`);
            stream.send(batchOf(batch, keys));
            await stream.next();
            acknowledged.push(...keys.splice(0));
          }
        } catch (error) {
          // Its certificate was renewed while it connected: it reads the new one.
          assert.match(String(error), /was replaced by a newer one that is in use/);
        } finally {
          stream.close();
        }
      }
      return number;
    })();
    const [before] = pinsOf(own);
    assert.match(await run('rotate-ca'), /the old one is trusted until they all have/);
    const twice = await homeostat(folder, ['hub', 'rotate-ca', '--data', data]);
    assert.match(twice.stderr, /is being replaced already, until .*--finish/);
    // Who enrols now trusts both, and who has not renewed yet is let in as before.
    const late = await host('late');
    assert.equal(pinsOf(late).length, 2);
    await begun(open(t, idle));
    const renew = (identity: string) =>
      new Renewal({ folder: identity, clock: systemClock, log: new Said() }).look(true);
    await renew(own);
    assert.equal(pinsOf(own).length, 2);
    assert.ok(pinsOf(own).includes(before!));
    await renew(idle);
    for (let waited = 0; !linesOf(data).includes('no longer trusted') && waited < 30_000; waited += 100)
      await sleep(100);
    assert.match(linesOf(data), /the previous authority is no longer trusted/);
    const seen = connections;
    for (let waited = 0; connections < seen + 2 && waited < 20_000; waited += 100) await sleep(100);
    going = false;
    const sent = await publishing;
    await renew(own);
    assert.equal(pinsOf(own).length, 1);
    assert.notEqual(pinsOf(own)[0], before);
    const kept = sourcesIn(data);
    assert.deepEqual(
      acknowledged.filter((key) => kept.get(key) !== 'web'),
      [],
    );
    assert.equal(acknowledged.length, sent);
    assert.ok(sent > 1000, `${sent} events`);
    // A host that enrols now, with a token of the new authority.
    const last = join(folder, 'last', 'identity');
    await enroll({ token: await token(), name: 'last', folder: last, clock: systemClock });
    await begun(open(t, last));
  });
});

describe('a stranger who opens many connections to the port for enrolment and says nothing', () => {
  it('leaves the bus its descriptors and others their enrolment', async (t) => {
    const folder = ownFolder(t);
    const data = join(folder, 'data');
    const limited = ['sh', '-c', 'ulimit -n 400 && exec "$@"', 'sh'] as const;
    const hub = await HubProcess.start(data, { prefix: limited });
    t.after(() => hub.end('SIGKILL'));
    const token = async (): Promise<string> => {
      const { stdout } = await homeostat(folder, ['hub', 'token', 'create', '--data', data]);
      return /hst1_[\w-]+/.exec(stdout)![0];
    };
    const word = await token();
    const { address } = decodeToken(word);
    const silent = Array.from({ length: 600 }, () => {
      const port = Number(address.split(':').at(-1));
      const socket = net.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      return Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    });
    await Promise.allSettled(silent);
    const own = join(folder, 'web', 'identity');
    await enroll({ token: word, name: 'web', folder: own, clock: systemClock });
    const stream = await begun(open(t, own));
    stream.send(batchOf(1, ['a']));
    await stream.next();
    assert.deepEqual([...sourcesIn(data)], [['a', 'web']]);
    const late = join(folder, 'late', 'identity');
    await enroll({ token: await token(), name: 'late', folder: late, clock: systemClock });
    await hub.end();
  });
});
