import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createMemoryCollector } from './linux.ts';

const MEMINFO = [
  'MemTotal:        1000 kB',
  'MemFree:          300 kB',
  'MemAvailable:     600 kB',
  'Buffers:           50 kB',
  'Cached:           200 kB',
  'SwapCached:       999 kB',
  'SwapTotal:        400 kB',
  'SwapFree:         100 kB',
  'Slab:              80 kB',
  'SReclaimable:      60 kB',
  'SUnreclaim:        20 kB',
];
const VMSTAT = ['pswpin 10', 'pswpout 20', 'pgfault 1000', 'pgmajfault 5'];
const host = (meminfo: readonly string[]) =>
  smallHost(
    { files: { '/proc/meminfo': meminfo, '/proc/vmstat': VMSTAT } },
    { files: { '/proc/vmstat': ['pswpin 13', 'pswpout 60', 'pgfault 1100', 'pgmajfault 25'] } },
  );

test('the states of memory sum to all of it, and use follows what is available', async () => {
  const [tick] = await collectAll(createMemoryCollector(), host(MEMINFO));
  const state = (name: string) =>
    tick?.metrics[`system.memory.usage{system.memory.state=${name}}`] ?? Number.NaN;
  assert.equal(state('used'), 390 * 1024);
  assert.equal(state('used') + state('free') + state('cached') + state('buffers'), (1000 - 60) * 1024);
  assert.equal(tick?.metrics['system.memory.utilization'], 0.4);
  assert.equal(tick?.metrics['system.memory.linux.slab.usage'], 80 * 1024);
  assert.equal(tick?.metrics['system.paging.utilization'], 0.75);
});

test('paging is in operations a second, and faults that a disk served are apart from the others', async () => {
  const second = (await collectAll(createMemoryCollector(), host(MEMINFO)))[1];
  assert.equal(second?.metrics['system.paging.operations{system.paging.direction=in}'], 3);
  assert.equal(second?.metrics['system.paging.operations{system.paging.direction=out}'], 40);
  assert.equal(second?.metrics['system.paging.faults{system.paging.fault.type=major}'], 20);
  assert.equal(second?.metrics['system.paging.faults{system.paging.fault.type=minor}'], 80);
});

test('what the kernel does not say is absent, not zero', async () => {
  const [tick] = await collectAll(createMemoryCollector(), host(['MemTotal: 1000 kB', 'MemFree: 300 kB']));
  assert.deepEqual(tick?.metrics, { 'system.memory.usage{system.memory.state=free}': 300 * 1024 });
});

test('a machine without swap uses none of it', async () => {
  const meminfo = ['SwapTotal: 0 kB', 'SwapFree: 0 kB'];
  const [tick] = await collectAll(createMemoryCollector(), host(meminfo));
  assert.equal(tick?.metrics['system.paging.utilization'], 0);
});
