import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  breach,
  finding,
  metrics,
  minutes,
  NOW,
  running,
  situation,
  testRule,
} from '../../../test/support/situation.ts';
import type { Culprit } from '../../model/anomaly.ts';
import { containerLimit } from './container-limit.ts';
import { cpuHog } from './cpu-hog.ts';
import { descriptors } from './descriptors.ts';
import { diskFilling } from './disk-filling.ts';
import { forkStorm } from './fork-storm.ts';
import { frozenProcess } from './frozen-process.ts';
import { hotInterface } from './hot-interface.ts';
import { ioSaturation } from './io-saturation.ts';
import { leakingProcess } from './leaking-process.ts';
import { memoryPressure } from './memory-pressure.ts';
import { oversubscribed } from './oversubscribed.ts';
import { restartLoop } from './restart-loop.ts';
import { swapThrash } from './swap-thrash.ts';
import { zombieParent } from './zombie-parent.ts';

const HOSTILE = "x';touch /tmp/never;'\n\u001b[31m`$(id)`\u202e";
const service = running(7, { cgroup: '/system.slice/web.service', rss: 2e9 });
const container = 'c'.repeat(64);
const contained = running(8, {
  containerId: container,
  cgroup: `/system.slice/docker-${container}.scope/inner`,
});
const blamed = (pid: number, share: number): readonly Culprit[] =>
  finding(running(pid), 'growth').culprits.map((one) => ({ ...one, share }));
const growing = minutes(30, (minute) => ({ rss: 1e9 + minute * 30e6 }));

testRule(leakingProcess, {
  triggers: {
    'a service that leaks': {
      situation: situation({
        processes: [service],
        anomalies: [finding(service, 'growth')],
        past: () => growing,
      }),
      check: ({ command, gain, target }) => {
        assert.equal(command, 'systemctl restart -- web.service');
        assert.match(gain, /about 1 GB of memory/);
        assert.deepEqual(target, { kind: 'process', id: service.id, pid: 7, unit: 'web.service' });
      },
    },
    'a process with a hostile name': {
      situation: situation({
        processes: [running(9, { name: HOSTILE, executable: `/opt/${HOSTILE}`, args: [HOSTILE], rss: 2e9 })],
        anomalies: [finding(running(9), 'growth')],
      }),
      check: ({ command, undo }) => {
        assert.equal(command, 'kill -TERM 9');
        assert.match(undo, /^start it again: \$'/);
      },
    },
    'one in a container': {
      situation: situation({ processes: [contained], anomalies: [finding(contained, 'growth')] }),
      check: ({ command }) => assert.equal(command, `docker restart ${container.slice(0, 12)}`),
    },
  },
  not: {
    'a process that fell silent': situation({
      processes: [service],
      anomalies: [finding(service, 'silence')],
    }),
    'one that has ended': situation({ anomalies: [finding(service, 'growth')] }),
  },
});

testRule(frozenProcess, {
  triggers: {
    'a stopped one': {
      situation: situation({ processes: [running(12, { state: 'T' })] }),
      check: ({ command, undo }) => assert.deepEqual([command, undo], ['kill -CONT 12', 'kill -STOP 12']),
    },
    'a silent one': {
      situation: situation({ processes: [service], anomalies: [finding(service, 'silence')] }),
      check: ({ advice, command }) => {
        assert.match(advice, /\/proc\/7\/wchan/);
        assert.equal(command, 'systemctl restart -- web.service');
      },
    },
  },
  not: {
    'one that sleeps': situation({ processes: [running(12)] }),
    'one that is traced': situation({ processes: [running(12, { state: 't' })] }),
  },
});

const busy = metrics({ 'system.cpu.utilization': 0.95, 'system.linux.pressure.some{resource=cpu}': 0.5 });
const spinning = () => minutes(10, () => ({ cpu: 0.98 }));
testRule(cpuHog, {
  triggers: {
    'a build': {
      situation: situation({ metrics: busy, processes: [running(20, { name: 'cc1plus' })], past: spinning }),
      check: ({ command, undo, sure }) =>
        assert.deepEqual([command, undo, sure], ['renice -n 19 -p 20', 'renice -n 0 -p 20', 'high']),
    },
    'a backup that is a service': {
      situation: situation({
        metrics: busy,
        processes: [running(21, { name: 'restic', cgroup: '/system.slice/backup.service' })],
        past: spinning,
      }),
      check: ({ command, undo }) => {
        assert.equal(command, 'systemctl set-property --runtime -- backup.service CPUWeight=20');
        assert.equal(undo, 'systemctl set-property --runtime -- backup.service CPUWeight=100');
      },
    },
    'a service, which is only looked at': {
      situation: situation({ metrics: busy, processes: [service], past: spinning }),
      check: ({ command, sure }) => {
        assert.match(command!, /^top -H -b -n 1 -p 7 .*journalctl -n 50 -u web.service$/);
        assert.equal(sure, 'low');
      },
    },
  },
  not: {
    'a busy process on an idle machine': situation({
      processes: [running(20, { name: 'cc1' })],
      past: spinning,
    }),
    'one that was busy for a moment': situation({
      ...{ metrics: busy, processes: [running(20, { name: 'cc1', cpu: 1 })] },
      past: () => minutes(10, (minute) => ({ cpu: minute === 9 ? 1 : 0 })),
    }),
  },
});

const waits = (share: number) => metrics({ 'system.linux.pressure.some{resource=memory}': share });
testRule(memoryPressure, {
  triggers: {
    'tasks that wait for memory': {
      situation: situation({ metrics: waits(0.2), processes: [service, running(30)] }),
      check: ({ command, undo, gain }) => {
        assert.equal(command, 'systemctl set-property --runtime -- web.service MemoryHigh=1525M');
        assert.equal(undo, 'systemctl set-property --runtime -- web.service MemoryHigh=infinity');
        assert.match(gain, /400 MB/);
      },
    },
    'a line that is crossed': {
      situation: situation({
        processes: [running(31, { rss: 4e9 })],
        breaches: [breach('memory', 'system.memory.utilization')],
      }),
      check: ({ command }) => assert.equal(command, 'kill -TERM 31'),
    },
  },
  not: {
    'a large process with room for it': situation({ processes: [service] }),
    'pressure from many small ones': situation({
      metrics: waits(0.2),
      processes: [running(30), running(31)],
    }),
  },
});

const swapping = (into: number, out: number, full: number) =>
  metrics({
    'system.paging.operations{system.paging.direction=in}': into,
    'system.paging.operations{system.paging.direction=out}': out,
    'system.linux.pressure.full{resource=memory}': full,
  });
testRule(swapThrash, {
  triggers: {
    'pages that go to and fro': {
      situation: situation({ metrics: swapping(900, 1200, 0.3), processes: [running(40), service] }),
      check: ({ severity, command }) =>
        assert.deepEqual([severity, command], ['HIGH', 'systemctl restart -- web.service']),
    },
  },
  not: {
    'what is put away for good': situation({ metrics: swapping(2, 900, 0), processes: [service] }),
    'swapping that nobody waits for': situation({ metrics: swapping(200, 200, 0.01), processes: [service] }),
  },
});

const disk = breach('disk', 'system.filesystem.utilization{system.filesystem.mountpoint=/var}');
const walked = (path: string, grown?: number) =>
  new Map([
    [
      '/var',
      {
        at: NOW,
        isPartial: false,
        beforeAt: grown === undefined ? undefined : NOW - 3.6e6,
        folders: [{ path, bytes: 5e9, grown }],
      },
    ],
  ]);
testRule(diskFilling, {
  triggers: {
    'a disk that nobody has looked at': {
      situation: situation({ breaches: [disk] }),
      check: ({ command, target }) => {
        assert.equal(command, 'homeostat recommend --walk /var');
        assert.deepEqual(target, { kind: 'filesystem', mount: '/var' });
      },
    },
    'a forecast, and a folder that grew': {
      situation: situation({
        breaches: [{ ...disk, kind: 'forecast' }],
        walks: walked(`/var/lib/${HOSTILE}`, 2e9),
      }),
      check: ({ command, gain, why }) => {
        assert.match(command!, /^ls -lAt -- \$'/);
        assert.match(gain, /at most 2 GB: what came within 1 h/);
        assert.match(why, /\(\+2 GB\)/);
      },
    },
    'a journal': {
      situation: situation({ breaches: [disk], walks: walked('/var/log/journal/abc', 2e9) }),
      check: ({ command, undo }) => {
        assert.equal(command, 'journalctl --vacuum-time=7d');
        assert.match(undo, /^cannot be undone/);
      },
    },
  },
  not: {
    'inodes, of which folders tell nothing': situation({ breaches: [{ ...disk, limit: 'inodes' }] }),
    'a walk over a disk with room': situation({ walks: walked('/var/lib', 2e9) }),
  },
});

const disks = (share: number, waiting: number) =>
  metrics({
    'system.disk.io_time{system.device=sda}': share,
    'system.linux.pressure.some{resource=io}': waiting,
  });
testRule(ioSaturation, {
  triggers: {
    'one that fills the disk with work': {
      situation: situation({
        metrics: disks(0.99, 0.6),
        processes: [running(50, { writeRate: 80e6 }), running(51, { readRate: 2e6 })],
      }),
      check: ({ command, undo, why }) => {
        assert.deepEqual([command, undo], ['ionice -c 3 -p 50', 'ionice -c 2 -n 4 -p 50']);
        assert.match(why, /disk sda is busy 99 %/);
      },
    },
  },
  not: {
    'a busy disk that nobody waits for': situation({
      metrics: disks(0.99, 0.05),
      processes: [running(50, { writeRate: 80e6 })],
    }),
    'a wait that nobody seen accounts for': situation({
      metrics: disks(0.99, 0.6),
      processes: [running(50)],
    }),
  },
});

testRule(descriptors, {
  triggers: {
    'a process near its limit': {
      situation: situation({
        processes: [running(60, { openFiles: 1000 })],
        fileLimit: () => ({ soft: 1024, hard: 4096 }),
      }),
      check: ({ severity, command, undo }) =>
        assert.deepEqual(
          [severity, command, undo],
          ['HIGH', 'prlimit --pid 60 --nofile=2048:4096', 'prlimit --pid 60 --nofile=1024:4096'],
        ),
    },
    'the machine near its own': {
      situation: situation({ metrics: metrics({ 'system.linux.file_handles.utilization': 0.85 }) }),
      check: ({ command }) => assert.match(command!, /^sysctl -w fs.file-max=/),
    },
  },
  not: {
    'many files of a process that may have more': situation({
      processes: [running(60, { openFiles: 1000 })],
      fileLimit: () => ({ soft: 65536, hard: 65536 }),
    }),
    'a limit that may not be seen': situation({ processes: [running(60, { openFiles: 1000 })] }),
  },
});

const zombies = (count: number, ppid: number, age = 600_000) =>
  Array.from({ length: count }, (_, index) =>
    running(900 + index, { ppid, state: 'Z', startedAt: NOW - age }),
  );
testRule(zombieParent, {
  triggers: {
    'a parent that forgets its children': {
      situation: situation({ processes: [running(70), ...zombies(5, 70)] }),
      check: ({ command, why }) => {
        assert.equal(command, 'kill -CHLD 70');
        assert.match(why, /^5 zombies/);
      },
    },
  },
  not: {
    'children that ended just now': situation({ processes: [running(70), ...zombies(5, 70, 5000)] }),
    'a single one': situation({ processes: [running(70), ...zombies(1, 70)] }),
  },
});

testRule(forkStorm, {
  triggers: {
    'a storm with a name': {
      situation: situation({
        ...{ metrics: metrics({ 'system.process.created': 900 }), processes: [running(80)] },
        blame: () => blamed(80, 0.9),
      }),
      check: ({ command, undo }) => assert.deepEqual([command, undo], ['kill -STOP 80', 'kill -CONT 80']),
    },
    'a storm of a service': {
      situation: situation({
        ...{ metrics: metrics({ 'system.process.created': 900 }), processes: [service] },
        blame: () => blamed(7, 0.6),
      }),
      check: ({ command }) =>
        assert.equal(command, 'systemctl set-property --runtime -- web.service TasksMax=256'),
    },
  },
  not: {
    'a build': situation({
      ...{ metrics: metrics({ 'system.process.created': 60 }), processes: [running(80)] },
      blame: () => blamed(80, 0.9),
    }),
    'many births of many parents': situation({
      ...{ metrics: metrics({ 'system.process.created': 900 }), processes: [running(80)] },
      blame: () => blamed(80, 0.1),
    }),
  },
});

const network = (rate: number) =>
  metrics({
    'system.network.io{network.interface.name=eth0,network.io.direction=transmit}': rate,
    'system.network.io{network.io.direction=transmit}': 1e12,
  });
testRule(hotInterface, {
  triggers: {
    'a link that is nearly full': {
      situation: situation({ metrics: network(120e6), linkSpeed: () => 125e6, blame: () => blamed(90, 0.8) }),
      check: ({ why, advice, target }) => {
        assert.match(why, /^it sends 120 MB\/s of at most 125 MB\/s/);
        assert.match(advice, /pid 90/);
        assert.deepEqual(target, { kind: 'interface', name: 'eth0' });
      },
    },
  },
  not: {
    'a link with room': situation({ metrics: network(20e6), linkSpeed: () => 125e6 }),
    'one that does not say what it carries': situation({ metrics: network(120e6) }),
  },
});

const crowded = (load: number, waiting: number) =>
  metrics({ 'system.linux.cpu.load_5m': load, 'system.linux.pressure.some{resource=cpu}': waiting });
testRule(oversubscribed, {
  triggers: {
    'three times as many threads as cores': {
      situation: situation({ metrics: crowded(12, 0.8), processes: [running(95, { state: 'R' })] }),
      check: ({ advice, target }) => {
        assert.match(advice, /make -j4/);
        assert.deepEqual(target, { kind: 'machine' });
      },
    },
  },
  not: {
    'a load of tasks that wait for disks': situation({ metrics: crowded(12, 0.02) }),
    'a machine that is just busy': situation({ metrics: crowded(4, 0.5) }),
  },
});

const open = {
  memory: 1e8,
  memoryMax: undefined,
  oomKills: 0,
  cpuMax: undefined,
  periods: 0,
  throttledPeriods: 0,
};
testRule(containerLimit, {
  triggers: {
    'one that is held back': {
      situation: situation({
        processes: [contained],
        group: (path) =>
          path === `/system.slice/docker-${container}.scope`
            ? { ...open, cpuMax: 0.5, periods: 1000, throttledPeriods: 600 }
            : undefined,
      }),
      check: ({ command, undo, why }) => {
        assert.equal(command, `docker update --cpus 0.8 ${container.slice(0, 12)}`);
        assert.equal(undo, `docker update --cpus 0.5 ${container.slice(0, 12)}`);
        assert.match(why, /60 % of its periods/);
      },
    },
    'one whose processes were killed for want of memory': {
      situation: situation({
        processes: [contained],
        group: () => ({ ...open, memoryMax: 2 ** 30, oomKills: 2 }),
      }),
      check: ({ severity, command }) => {
        assert.equal(severity, 'HIGH');
        assert.match(command!, /^docker update --memory 1536m/);
      },
    },
  },
  not: {
    'one without bounds': situation({ processes: [contained], group: () => open }),
    'one that is seldom held back': situation({
      processes: [contained],
      group: () => ({ ...open, cpuMax: 2, periods: 1000, throttledPeriods: 30, memoryMax: 2 ** 30 }),
    }),
  },
});

testRule(restartLoop, {
  triggers: {
    'a service that does not stay up': {
      situation: situation({
        restarts: [{ unit: 'web.service', count: 9, overMs: 500_000, medianLifeMs: 4000 }],
      }),
      check: ({ command, undo }) =>
        assert.deepEqual(
          [command, undo],
          ['systemctl stop -- web.service', 'systemctl start -- web.service'],
        ),
    },
  },
  not: {
    'a timer that runs each ten minutes': situation({
      restarts: [{ unit: 'job.service', count: 1, overMs: 500_000, medianLifeMs: 4000 }],
    }),
    'workers that each live for minutes': situation({
      restarts: [{ unit: 'job.service', count: 9, overMs: 500_000, medianLifeMs: 300_000 }],
    }),
  },
});

test('a machine that is well gets no advice of any rule', async () => {
  const { RULES } = await import('./index.ts');
  assert.deepEqual(
    RULES.flatMap((rule) => rule.advise(situation({ processes: [running(1), service] }))),
    [],
  );
  assert.equal(RULES.length, 14);
});
