import type { Process } from '../../src/model/process.ts';
import { noise } from './fixture-machine.ts';

const BOOT = '1f0c9e2a';
const MIB = 2 ** 20;

type Program = readonly [
  name: string,
  executable: string | undefined,
  args: readonly string[],
  uid: number,
  mib: number,
  cpu: number,
];

const PROGRAMS: readonly Program[] = [
  ['systemd', '/usr/lib/systemd/systemd', ['--switched-root', '--system'], 0, 14, 0.001],
  ['systemd-journal', '/usr/lib/systemd/systemd-journald', [], 0, 46, 0.004],
  ['sshd', '/usr/sbin/sshd', ['-D'], 0, 9, 0],
  ['postgres', '/usr/lib/postgresql/17/bin/postgres', ['-D', '/var/lib/postgresql/17/main'], 109, 212, 0.04],
  ['nginx', '/usr/sbin/nginx', ['-g', 'daemon off;'], 0, 12, 0.001],
  ['node', '/usr/bin/node', ['/srv/shop/server.js', '--port', '3000', '--api-key=***'], 1000, 168, 0.09],
  ['redis-server', '/usr/bin/redis-server', ['127.0.0.1:6379'], 112, 38, 0.012],
  ['dockerd', '/usr/bin/dockerd', ['-H', 'fd://'], 0, 96, 0.006],
  ['containerd', '/usr/bin/containerd', [], 0, 61, 0.004],
  ['cron', '/usr/sbin/cron', ['-f'], 0, 3, 0],
  ['python3', '/usr/bin/python3.13', ['-m', 'reports.worker', '--queue', 'default'], 1000, 121, 0.03],
  ['homeostat', '/usr/bin/node', ['/usr/lib/node_modules/homeostat/dist/homeostat.js', 'up'], 998, 58, 0.006],
];

/** Names that a person with bad intentions would give: markup, terminal escapes, a reversed file name, very long ones. */
const HOSTILE: readonly Program[] = [
  [
    '<img src=x onerror=alert(1)>'.slice(0, 15),
    '/tmp/<script>window.hacked=1</script>',
    ['"><svg onload=window.hacked=1>'],
    1001,
    4,
    0.002,
  ],
  ['\u202egpj.exe', '/home/eve/\u202egpj.exe', ['\u001b[2J\u001b[31mowned'], 1001, 6, 0.001],
  ['a\nb) S 1 1', '/home/eve/a\nb', ['x'.repeat(4000)], 1001, 2, 0],
];

/** The culprit of the fixture's open anomaly. */
const MINER: Program = [
  'kdevtmpfsi',
  '/tmp/.X11-unix/kdevtmpfsi',
  ['--donate-level', '1', '-o', 'pool.example:3333'],
  33,
  61,
  0.02,
];

/** About `count` processes of a small server, those of `extra` among them; the same ones for the same arguments. */
export function fixtureProcesses(startedAt: number, at: number, count: number, minerCpu: number): Process[] {
  const made: Process[] = [];
  const add = (program: Program, index: number, ppid: number) =>
    made.push(processOf(program, index, ppid, startedAt, at));
  PROGRAMS.forEach((program, index) => {
    add(program, index, index === 0 ? 0 : 1);
  });
  HOSTILE.forEach((program, index) => {
    add(program, 40 + index, 1);
  });
  add([...MINER.slice(0, 5), minerCpu] as unknown as Program, 60, made[5]!.pid);
  for (let index = made.length; index < count; index++) {
    const kernel = index % 3 !== 0;
    const program: Program = kernel
      ? [`kworker/${index % 4}:${index}`, undefined, [], 0, 0, 0]
      : [
          'postgres',
          '/usr/lib/postgresql/17/bin/postgres',
          [`shop shop 127.0.0.1(${40000 + index}) idle`],
          109,
          22,
          0.004,
        ];
    add(program, 100 + index, kernel ? 2 : made[3]!.pid);
  }
  return made;
}

function processOf(program: Program, index: number, ppid: number, startedAt: number, at: number): Process {
  const [name, executable, args, uid, mib, cpu] = program;
  const pid = index === 0 ? 1 : 300 + index * 37;
  const second = Math.floor(at / 5000);
  const steadiness = cpu > 1 ? 0.03 : 0.8;
  const alive = cpu * (1 - steadiness / 2 + steadiness * noise(index, second));
  const visible = uid !== 0;
  return {
    id: `${BOOT}-${pid}-${4000 + index}`,
    pid,
    ppid,
    name,
    executable,
    invokedAs: executable,
    args,
    startedAt: startedAt + index * 1000,
    uid,
    gid: uid,
    cgroup: name === 'node' ? '/system.slice/docker-3f9a1c77d2b4.scope' : '/system.slice',
    containerId: name === 'node' || name === MINER[0] ? '3f9a1c77d2b4' : undefined,
    state: alive > 0.01 ? 'R' : executable ? 'S' : 'I',
    threads: executable ? 1 + (index % 11) : 1,
    cpu: alive,
    cpuTime: Math.round(alive * 6e6),
    childCpuTime: 0,
    memory: (mib * MIB) / (8 * 1024 * MIB),
    rss: mib * MIB,
    virtual: mib * MIB * 6,
    readBytes: visible ? mib * 3e5 : undefined,
    writeBytes: visible ? mib * 8e5 : undefined,
    readRate: visible ? alive * 2e5 * noise(index + 7, second) : undefined,
    writeRate: visible ? alive * 9e5 * noise(index + 8, second) : undefined,
    ioCalls: visible ? 12_000 + index : undefined,
    majorFaults: index % 5,
    minorFaults: 2000 + index * 31,
    openFiles: visible ? 8 + (index % 50) : undefined,
    contextSwitches: 9000 + index * 17,
  };
}
