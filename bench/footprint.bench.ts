/**
 * What Homeostat costs at rest, all in one process, at the default intervals, with about 150 processes on the machine:
 * median RSS and mean CPU over the run, beside netdata and glances in the same run. Children count.
 * HOMEOSTAT_BENCH_MINUTES (10) shortens it for a first look; the first minute is start-up and is left out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { note, report } from './report.ts';

const MINUTES = Number(process.env.HOMEOSTAT_BENCH_MINUTES ?? 10);
const PROCESSES = 150;
const TICK_MS = 10;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
const children: ChildProcess[] = [];

interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly rss: number[];
  cpuAtStart: number;
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore', env, cwd: folder });
  children.push(child);
  return child;
}

function installed(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((path) => {
    try {
      accessSync(join(path, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The process and all its descendants. */
function family(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statFields(Number(name))?.[1];
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (let index = 0; index < found.length; index++) found.push(...(parents.get(found[index]!) ?? []));
  return found;
}

/** Numbers of /proc/PID/stat from the state on: [0] state (NaN), [1] ppid, [11] utime, [12] stime, [13] and [14] of ended children. */
function statFields(pid: number): number[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return undefined;
  }
}

/** CPU time in ms, children that ended included. */
const cpuOf = (pid: number): number =>
  family(pid).reduce(
    (sum, one) =>
      sum +
      (statFields(one)
        ?.slice(11, 15)
        .reduce((a, b) => a + b, 0) ?? 0) *
        TICK_MS,
    0,
  );

function rssOf(pid: number): number {
  return family(pid).reduce((sum, one) => {
    try {
      return (
        sum + Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, 'latin1'))?.[1] ?? 0) * 1024
      );
    } catch {
      return sum;
    }
  }, 0);
}

function startAll(): Watched[] {
  const watched: Watched[] = [];
  const watch = (name: string, child: ChildProcess): void => {
    if (child.pid !== undefined) watched.push({ name, pid: child.pid, rss: [], cpuAtStart: 0 });
  };
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  for (let index = others; index < PROCESSES; index++) start('sleep', ['100000']);
  const data = join(folder, 'data');
  watch(
    'homeostat',
    start(process.execPath, [join(root, 'bin', 'homeostat.mjs'), 'up', '--data', data, '--port', '0']),
  );
  if (installed('netdata')) {
    // Debian's configuration, but for a folder of its own and no access to anything outside.
    const config = join(folder, 'netdata.conf');
    mkdirSync(join(folder, 'netdata'));
    const place = (name: string): string => `    ${name} directory = ${join(folder, 'netdata')}\n`;
    writeFileSync(
      config,
      `[directories]\n${['cache', 'lib', 'log'].map(place).join('')}[web]\n    bind to = 127.0.0.1:19997\n`,
    );
    watch(
      'netdata',
      start('netdata', ['-D', '-u', userInfo().username, '-c', config], {
        ...process.env,
        DO_NOT_TRACK: '1',
        DISABLE_TELEMETRY: '1',
      }),
    );
  } else note('netdata is not installed: its figures are left out (apt-get install netdata)');
  if (installed('glances')) {
    watch(
      'glances',
      start('glances', [
        '--quiet',
        '--time',
        '1',
        '--disable-check-update',
        '--export',
        'csv',
        '--export-csv-file',
        '/dev/null',
      ]),
    );
  } else note('glances is not installed: its figures are left out (apt-get install glances)');
  return watched;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function measure(watched: readonly Watched[]): Promise<void> {
  await sleep(Math.min(60_000, MINUTES * 15_000));
  for (const one of watched) one.cpuAtStart = cpuOf(one.pid);
  const startedAt = performance.now();
  while (performance.now() - startedAt < MINUTES * 60_000) {
    await sleep(2000);
    for (const one of watched) one.rss.push(rssOf(one.pid));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const figures = watched.map((one) => ({
    name: one.name,
    rss: median(one.rss) / 1e6,
    most: Math.max(...one.rss) / 1e6,
    cpu: (cpuOf(one.pid) - one.cpuAtStart) / 10 / seconds,
  }));
  const peers = (key: 'rss' | 'cpu'): string =>
    figures
      .filter(({ name }) => name !== 'homeostat')
      .map((peer) => `${peer.name} ${peer[key].toPrecision(3)}`)
      .join(', ');
  const own = figures.find(({ name }) => name === 'homeostat')!;
  const figure = (name: string, value: number, unit: string, peer?: string, goal?: string): void =>
    report({ bench: 'footprint', figure: name, value, unit, ...(peer && { peer }), ...(goal && { goal }) });
  figure('rss_mb', own.rss, 'MB', peers('rss'), '<= 80');
  figure('rss_max_mb', own.most, 'MB');
  figure('cpu_percent', own.cpu, '% of a core', peers('cpu'), '< 1');
  for (const peer of figures.filter(({ name }) => name !== 'homeostat')) {
    figure(`rss_ratio_${peer.name}`, own.rss / peer.rss, 'ratio', peer.name);
    figure(`cpu_ratio_${peer.name}`, own.cpu / peer.cpu, 'ratio', peer.name);
  }
}

try {
  const watched = startAll();
  note(`running for ${MINUTES} min with ${PROCESSES} processes; leave the machine alone meanwhile`);
  await measure(watched);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await sleep(2000);
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
