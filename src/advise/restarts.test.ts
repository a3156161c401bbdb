import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, running } from '../../test/support/situation.ts';
import type { Process } from '../model/process.ts';
import { RestartWatch } from './restarts.ts';

const scan = (at: number, processes: readonly Process[]) => ({
  ...{ at, full: true, processes, gone: [], unreadable: {} },
});
const main = (pid: number, startedAt: number, cgroup = '/system.slice/web.service'): Process =>
  running(pid, { startedAt, cgroup }) as Process;

test('the main processes of a service that come and go are counted, with how long they lived', () => {
  const watch = new RestartWatch();
  for (let start = 0; start < 6; start++) {
    const began = NOW + start * 20_000;
    watch.observe(scan(began + 1000, [main(100 + start, began)]));
    watch.observe(scan(began + 10_000, []));
  }
  assert.deepEqual(watch.restarts(NOW + 120_000), [
    { unit: 'web.service', count: 6, overMs: 120_000, medianLifeMs: 10_000 },
  ]);
  assert.deepEqual(watch.restarts(NOW + 3_600_000), [], 'that was long ago');
});

test('workers, services that stay up, scopes and services of users do not count', () => {
  const watch = new RestartWatch();
  const others = (pid: number, at: number) => [
    { ...main(pid, at), ppid: 77 },
    main(pid + 1, at, '/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service'),
    main(pid + 2, at, '/user.slice/user-1000.slice/session-1.scope'),
    main(3, NOW - 1000, '/system.slice/db.service'),
  ];
  for (let start = 0; start < 6; start++)
    watch.observe(scan(NOW + start * 10_000, others(1000 + 10 * start, NOW + start * 10_000)));
  assert.deepEqual(watch.restarts(NOW + 60_000), []);
});
