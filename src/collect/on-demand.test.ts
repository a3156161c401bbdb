import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallHost } from '../../test/support/small-host.ts';
import { controlGroup } from './container/control-group.ts';
import { createLiveHost } from './live-host.ts';
import { linkSpeed } from './network/link-speed.ts';
import { fileLimit } from './process/file-limit.ts';

const GROUP = '/sys/fs/cgroup/system.slice/docker-x.scope';

test('what a container may take, and took', () => {
  const host = smallHost({
    files: {
      [`${GROUP}/cpu.stat`]: 'usage_usec 5\nnr_periods 1000\nnr_throttled 600\nthrottled_usec 7\n',
      [`${GROUP}/cpu.max`]: '50000 100000\n',
      [`${GROUP}/memory.current`]: '900\n',
      [`${GROUP}/memory.max`]: '1000\n',
      [`${GROUP}/memory.events`]: 'low 0\noom 3\noom_kill 2\n',
      '/sys/fs/cgroup/free/cpu.stat': 'usage_usec 5\n',
      '/sys/fs/cgroup/free/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/free/memory.max': 'max\n',
    },
  });
  assert.deepEqual(controlGroup(host, '/system.slice/docker-x.scope'), {
    ...{ memory: 900, memoryMax: 1000, oomKills: 2, cpuMax: 0.5, periods: 1000, throttledPeriods: 600 },
  });
  const free = controlGroup(host, '/free');
  assert.deepEqual([free?.memoryMax, free?.cpuMax, free?.periods], [undefined, undefined, undefined]);
  assert.equal(controlGroup(host, '/none'), undefined);
  assert.equal(controlGroup(host, '/../etc'), undefined);
});

test('what a link carries; interfaces that do not say, and names that are paths, carry nothing known', () => {
  const files = { '/sys/class/net/eth0/speed': '1000\n', '/sys/class/net/virbr0/speed': '-1\n' };
  const host = smallHost({ files });
  assert.equal(linkSpeed(host, 'eth0'), 125e6);
  for (const name of ['virbr0', 'none', '../eth0']) assert.equal(linkSpeed(host, name), undefined);
});

test('how many files a process may have open: its own limit, and none of one that is gone', () => {
  const own = fileLimit(createLiveHost(), process.pid);
  assert.ok(own && own.soft >= 64 && own.hard >= own.soft);
  assert.equal(fileLimit(createLiveHost(), 2 ** 22), undefined);
});
