import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createCpuCollector } from './linux.ts';

const LOADAVG = { '/proc/loadavg': '0.50 0.25 0.10 3/708 9313\n' };
const stat = (...lines: readonly string[]) => ({ files: { ...LOADAVG, '/proc/stat': lines } });
const share = (mode: string): string => `system.cpu.utilization{cpu.mode=${mode}}`;

test('shares are increases over the increase of all modes; guests and softirq are not counted twice', async () => {
  const host = smallHost(
    stat('cpu  100 10 50 800 20 3 7 10 99 9', 'cpu0 100 10 50 800 20 3 7 10 99 9'),
    stat('cpu  150 20 60 900 30 8 12 20 140 19', 'cpu0 150 20 60 900 30 8 12 20 140 19'),
  );
  const [first, second] = await collectAll(createCpuCollector(), host);
  assert.equal(first?.metrics['system.cpu.utilization'], undefined);
  assert.equal(second?.metrics[share('user')], 0.25);
  assert.equal(second?.metrics[share('interrupt')], 0.05);
  assert.equal(second?.metrics[share('steal')], 0.05);
  assert.equal(second?.metrics['system.cpu.utilization'], 0.45);
  assert.equal(second?.metrics['system.cpu.busiest.utilization'], 0.45);
});

test('load and threads are there from the first look on', async () => {
  const [first] = await collectAll(
    createCpuCollector(),
    smallHost(stat('procs_running 2', 'procs_blocked 1')),
  );
  assert.equal(first?.metrics['system.linux.cpu.load_1m'], 0.5);
  assert.equal(first?.metrics['system.linux.thread.count'], 708);
  assert.equal(first?.metrics['system.linux.run_queue'], 2);
  assert.equal(first?.metrics['system.process.count{process.state=blocked}'], 1);
});

test('the busiest core is the busiest of those that were there at both looks', async () => {
  const host = smallHost(
    stat('cpu0 0 0 0 100 0 0 0 0', 'cpu1 0 0 0 100 0 0 0 0', 'cpu2 0 0 0 100 0 0 0 0'),
    stat('cpu0 10 0 0 190 0 0 0 0', 'cpu2 60 0 0 140 0 0 0 0'),
    stat('cpu0 20 0 0 280 0 0 0 0', 'cpu1 9000 0 0 100 0 0 0 0', 'cpu2 60 0 0 240 0 0 0 0'),
  );
  const [, second, third] = await collectAll(createCpuCollector(), host);
  assert.equal(second?.metrics['system.cpu.busiest.utilization'], 0.6);
  assert.equal(third?.metrics['system.cpu.busiest.utilization'], 0.1, 'a core that comes back begins anew');
});

test('iowait may fall without hiding the other modes', async () => {
  const host = smallHost(stat('cpu  0 0 0 0 50 0 0 0'), stat('cpu  25 0 0 75 40 0 0 0'));
  const second = (await collectAll(createCpuCollector(), host))[1];
  assert.equal(second?.metrics[share('user')], 0.25);
  assert.equal(second?.metrics[share('iowait')], undefined);
  assert.equal(second?.metrics['system.cpu.utilization'], 0.25);
});

test('a line that a cut file left out makes no double rate when it is back', async () => {
  const host = smallHost(stat('ctxt 0'), stat('ctxt 100'), stat('cpu'), stat('ctxt 300'), stat('ctxt 400'));
  const ticks = await collectAll(createCpuCollector(), host);
  const rates = ticks.map((tick) => tick.metrics['system.linux.context_switches']);
  assert.deepEqual(rates, [undefined, 100, undefined, undefined, 100]);
});

test('without /proc the collector says what it is blind to', async () => {
  const [tick] = await collectAll(createCpuCollector(), smallHost({}));
  assert.deepEqual(tick?.metrics, {});
  assert.deepEqual(
    tick?.blind.map((spot) => spot.what),
    ['/proc/stat', '/proc/loadavg'],
  );
});
