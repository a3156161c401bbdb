import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createNetworkCollector } from './linux.ts';

/** A row of /proc/net/dev: bytes, packets, errors and drops received, then sent. */
function row(name: string, ...numbers: readonly number[]): string {
  const [rb = 0, rp = 0, re = 0, rd = 0, tb = 0, tp = 0, te = 0, td = 0] = numbers;
  return `${name}:${rb} ${rp} ${re} ${rd} 0 0 0 0 ${tb} ${tp} ${te} ${td} 0 0 0 0`;
}
const dev = (...rows: readonly string[]) => ({
  '/proc/net/dev': ['Inter-| Receive', ' face |bytes', ...rows],
});
const snmp = (established: number, retransmitted: number) => ({
  '/proc/net/snmp': [
    'Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors',
    `Tcp: 1 200 120000 -1 1 2 3 4 ${established} 5 6 ${retransmitted} 0 0 0`,
  ],
});
const state = (name: string): string => `system.network.connection.count{network.connection.state=${name}}`;

test('the sums hold every interface, loopback and cable ends included; cable ends have no series of their own', async () => {
  const host = smallHost(
    { files: dev(row('lo'), row('eth0'), row('veth1a2b')) },
    {
      files: dev(
        row('lo', 1, 1, 0, 0, 1, 1),
        row('eth0', 10, 2, 1, 1, 20, 3, 1, 1),
        row('veth1a2b', 100, 5, 0, 0, 200, 6),
      ),
    },
  );
  const second = (await collectAll(createNetworkCollector(), host))[1];
  assert.equal(second?.metrics['system.network.io{network.io.direction=receive}'], 111);
  assert.equal(second?.metrics['system.network.io{network.io.direction=transmit}'], 221);
  assert.equal(
    second?.metrics['system.network.io{network.interface.name=lo,network.io.direction=receive}'],
    1,
  );
  assert.equal(second?.metrics['system.network.errors{network.interface.name=eth0}'], 2);
  assert.equal(second?.metrics['system.network.packet.dropped'], 2);
  assert.ok(!Object.keys(second?.metrics ?? {}).some((key) => key.includes('veth')));
});

test('an interface that was reset takes no part in the sum until its counters can be compared', async () => {
  const host = smallHost(
    { files: dev(row('lo', 100), row('eth0', 5000)) },
    { files: dev(row('lo', 110), row('eth0', 7)) },
    { files: dev(row('lo', 120), row('eth0', 10)) },
  );
  const sums = (await collectAll(createNetworkCollector(), host)).map(
    (tick) => tick.metrics['system.network.io{network.io.direction=receive}'],
  );
  assert.deepEqual(sums, [undefined, 10, 13]);
});

test('established and retransmissions come from counters, the other states from the tables', async () => {
  const host = smallHost(
    {
      files: {
        ...snmp(12, 100),
        '/proc/net/sockstat': ['sockets: used 9', 'TCP: inuse 5 orphan 0 tw 7 alloc 9 mem 1'],
        '/proc/net/tcp': [
          '  sl',
          '   0: 0100007F:1F90 00000000:0000 0A 0:0',
          '   1: 0100007F:1F90 0A:1 08 0:0',
        ],
        '/proc/net/tcp6': ['  sl', `   0: ${'0'.repeat(32)}:0016 ${'0'.repeat(32)}:0000 0A 0:0`],
      },
    },
    { files: snmp(13, 104) },
  );
  const [first, second] = await collectAll(createNetworkCollector(), host);
  assert.equal(first?.metrics[state('established')], 12);
  assert.equal(first?.metrics[state('time_wait')], 7);
  assert.equal(first?.metrics[state('listen')], 2);
  assert.equal(second?.metrics[state('close_wait')], 1, 'repeated until the tables are read again');
  assert.equal(second?.metrics[state('established')], 13);
  assert.equal(second?.metrics['system.network.tcp.retransmissions'], 4);
});

test('with too many sockets the tables are left alone, and that is said', async () => {
  const host = smallHost({
    files: {
      '/proc/net/sockstat': ['TCP: inuse 5 orphan 0 tw 70000 alloc 900 mem 1'],
      '/proc/net/tcp': ['sl'],
    },
  });
  const [tick] = await collectAll(createNetworkCollector(), host);
  assert.equal(tick?.metrics[state('listen')], undefined);
  assert.match(tick?.blind[0]?.why ?? '', /70900 sockets/);
});

test('a machine without TCP has no TCP figures and no blind spot', async () => {
  assert.deepEqual((await collectAll(createNetworkCollector(), smallHost({})))[0], {
    metrics: {},
    blind: [],
  });
});
