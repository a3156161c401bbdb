import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createPressureCollector } from './linux.ts';

const psi = (some: number, full: number): readonly string[] => [
  `some avg10=9.99 avg60=9.99 avg300=9.99 total=${some}`,
  `full avg10=9.99 avg60=9.99 avg300=9.99 total=${full}`,
];

test('pressure is the share of the interval in which tasks waited', async () => {
  const host = smallHost(
    { files: { '/proc/pressure/io': psi(1_000_000, 0), '/proc/pressure/cpu': psi(0, 0) } },
    { files: { '/proc/pressure/io': psi(1_250_000, 100_000), '/proc/pressure/cpu': psi(1_100_000, 0) } },
  );
  const second = (await collectAll(createPressureCollector(), host))[1];
  assert.deepEqual(second?.metrics, {
    'system.linux.pressure.some{resource=cpu}': 1,
    'system.linux.pressure.some{resource=io}': 0.25,
    'system.linux.pressure.full{resource=io}': 0.1,
  });
});

test('a kernel without pressure is no blind spot, one that refuses it is', async () => {
  const [without] = await collectAll(createPressureCollector(), smallHost({}));
  assert.deepEqual(without, { metrics: {}, blind: [] });
  const off = smallHost({ files: { '/proc/pressure/cpu': { error: 'UNREADABLE' } } });
  assert.deepEqual((await collectAll(createPressureCollector(), off))[0]?.blind, []);
  const refused = smallHost({ files: { '/proc/pressure/cpu': { error: 'DENIED' } } });
  assert.equal(
    (await collectAll(createPressureCollector(), refused))[0]?.blind[0]?.what,
    '/proc/pressure/cpu',
  );
});

test('a resource that could not be read for a while is a gap in that resource alone', async () => {
  const host = smallHost(
    { files: { '/proc/pressure/io': psi(0, 0), '/proc/pressure/memory': psi(0, 0) } },
    { files: { '/proc/pressure/io': { error: 'MISSING' }, '/proc/pressure/memory': psi(500_000, 0) } },
    { files: { '/proc/pressure/io': psi(1_000_000, 0), '/proc/pressure/memory': psi(1_000_000, 0) } },
  );
  const third = (await collectAll(createPressureCollector(), host))[2];
  assert.equal(third?.metrics['system.linux.pressure.some{resource=io}'], 0.5, 'over two seconds');
  assert.equal(third?.metrics['system.linux.pressure.some{resource=memory}'], 0.5);
});
