import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UniversalEnvelope } from '../../proto/generated/messaging/messaging.ts';
import { Publisher } from '../support/bus.ts';
import { homeostat, ownFolder } from '../support/daemon.ts';
import { HubProcess } from '../support/hub.ts';

const GOLDEN = readFileSync(new URL('../wire/mac-process.bin', import.meta.url));

/** A process as this machine could send it. */
const envelope = (pid: number, exe: string): Uint8Array =>
  UniversalEnvelope.encode(
    UniversalEnvelope.fromPartial({
      ...{ version: '1', tsNs: BigInt(Date.now()) * 1_000_000n, idempotencyKey: `${pid}` },
      process: { pid: BigInt(pid), ppid: 1n, exe, args: [exe], osType: 'linux' },
    }),
  ).finish();

test('all events that a hub took are validated, beside it and after it', async (t) => {
  const folder = ownFolder(t);
  const data = join(folder, 'data');
  const validate = (...args: string[]) => homeostat(folder, ['validate', '--data', data, ...args]);
  const here = hostname();
  for (const name of ['mac', here])
    await homeostat(folder, ['hub', 'issue', name, '--data', data, '--out', folder]);
  const hub = await HubProcess.start(data);
  t.after(() => hub.end('SIGKILL'));

  const none = await validate();
  assert.equal(none.code, 1);
  assert.match(none.stdout, /no events at all in this period/);
  assert.match(none.stdout, /FAILED {2}events: 0, wanted at least 1/);

  const mac = new Publisher(hub.address, folder, 'mac');
  assert.equal(await mac.send(GOLDEN), 'OK');
  mac.close();
  const own = new Publisher(hub.address, folder, here);
  assert.equal(await own.send(envelope(1, process.execPath)), 'OK');
  assert.equal(await own.send(envelope(2, '/usr/bin/\x1b[31mnosuch')), 'OK');
  own.close();

  const beside = await validate('--min-typical', '0');
  assert.equal(beside.code, 1);
  assert.match(beside.stdout, /FAILED {2}valid executable paths: 66\.6 %, wanted at least 95\.0 %/);
  assert.doesNotMatch(beside.stdout, /\x1b/);
  assert.equal(await hub.end(), 0);

  const after = await validate('--json', '--min-valid', '0.5', '--min-typical', '0');
  assert.equal(after.code, 0, after.stdout);
  const { bus, store, passed } = JSON.parse(after.stdout);
  assert.deepEqual([store, passed], [undefined, true]);
  assert.deepEqual(bus.hosts, { [here]: 2, mac: 1 });
  assert.equal(bus.executables.states.exists, 1);
  assert.equal(bus.executables.states.missing, 1);
  assert.equal(bus.executables.states.elsewhere, 1);
  assert.equal(bus.envelopeBytes.likeMac.events, 1);
  assert.deepEqual(bus.log, { missing: 0, dropped: 0, unexplained: 0 });

  const ofMac = JSON.parse((await validate('--json', '--host', 'mac')).stdout);
  assert.deepEqual([ofMac.bus.events, ofMac.passed], [1, true]);
  const later = await validate('--since', '2100-01-01T00:00:00Z');
  assert.deepEqual([later.code, /no events at all/.test(later.stdout)], [1, true]);
});
