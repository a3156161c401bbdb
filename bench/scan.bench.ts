/**
 * CPU time (user and system) of one look at about 700 processes, beside psutil for the same fields and beside a
 * C program that opens, reads and closes the same files and does nothing else. All three live through all rounds, and
 * take turns, so that what the machine does meanwhile strikes all of them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { createLiveHost } from '../src/collect/live-host.ts';
import { createProcessScanner } from '../src/collect/process/linux.ts';
import { countStates } from '../src/collect/process/states.ts';
import { note, report } from './report.ts';

const PROCESSES = 700;
const ROTATION = 12;
/** Past two rotations the scanner has read everything twice: what follows is how it runs for the rest of its life. */
const WARM_UP = 3 * ROTATION;
const ROUNDS = 60;
/** The sleepers end by themselves, should this program be killed before it can end them. */
const SLEEP_SECONDS = 600;

/** A peer that scans once for each line it is sent. */
interface Peer {
  scan(line: string): Promise<number>;
  end(): void;
}

const peers = join(import.meta.dirname, 'peers');

function startPeer(command: string, args: readonly string[]): Peer {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async scan(line) {
      child.stdin.write(`${line}\n`);
      const answer = await lines.next();
      if (answer.done === true) throw new Error(`${command} ended before its time`);
      return Number(String(answer.value).split(' ')[0]);
    },
    end: () => child.kill(),
  };
}

/** The first Python on this machine that has psutil: the one on the PATH may be another than Debian's. */
function findPsutil(): string | undefined {
  return ['python3', '/usr/bin/python3', '/usr/local/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import psutil'], { stdio: 'ignore' }).status === 0,
  );
}

function buildC(folder: string): string | undefined {
  const program = join(folder, 'scan');
  const built = spawnSync('gcc', ['-O2', '-o', program, join(peers, 'scan.c')], { stdio: 'inherit' });
  if (built.error) return undefined;
  if (built.status !== 0) throw new Error('gcc could not build bench/peers/scan.c');
  return program;
}

/** A shell that starts the sleepers and waits; the group that it leads is ended as a whole. */
function startSleepers(count: number): ChildProcess {
  const script = `i=0; while [ $i -lt ${count} ]; do sleep ${SLEEP_SECONDS} & i=$((i+1)); done; echo ready; wait`;
  return spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
}

function endGroup(leader: ChildProcess): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // None of the group is left.
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Without those that ended and were not waited for yet. */
function countProcesses(): number {
  const scan = createProcessScanner(createLiveHost()).scan({ wall: Date.now(), monotonic: 0 }, true);
  return scan.processes.length - countStates(scan.processes).byState.defunct;
}

async function run(folder: string): Promise<void> {
  const python = findPsutil();
  const program = buildC(folder);
  if (python === undefined)
    note('psutil is missing (Debian: apt-get install python3-psutil): no cpu_ratio_psutil');
  if (program === undefined) note('gcc is missing (Debian: apt-get install gcc): no cpu_ratio_c');
  const psutil = python === undefined ? undefined : startPeer(python, [join(peers, 'scan_psutil.py')]);
  const c = program === undefined ? undefined : startPeer(program, []);
  try {
    await measure(psutil, c);
  } finally {
    psutil?.end();
    c?.end();
  }
}

async function measure(psutil: Peer | undefined, c: Peer | undefined): Promise<void> {
  const scanner = createProcessScanner(createLiveHost(), { rotation: ROTATION });
  let seen = 0;
  const ours = (): number => {
    const before = process.cpuUsage();
    seen = scanner.scan({ wall: Date.now(), monotonic: performance.now() }, true).processes.length;
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const times = { ours: [] as number[], psutil: [] as number[], c: [] as number[], cSteady: [] as number[] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const own = ours();
    const all = await c?.scan('all');
    const steady = await c?.scan(`steady ${ROTATION}`);
    // psutil has nothing to warm up past its second scan, and is the slow one.
    const theirs = round >= -2 ? await psutil?.scan('') : undefined;
    if (round < 0) continue;
    times.ours.push(own);
    if (theirs !== undefined) times.psutil.push(theirs);
    if (all !== undefined) times.c.push(all);
    if (steady !== undefined) times.cSteady.push(steady);
  }
  tell(seen, times);
}

function tell(seen: number, times: Readonly<Record<'ours' | 'psutil' | 'c' | 'cSteady', number[]>>): void {
  const ours = median(times.ours);
  const ratio = (figure: string, theirs: readonly number[], peer: string, goal?: string): void => {
    if (theirs.length === 0) return;
    const ms = (median(theirs) / 1000).toFixed(1);
    const asked = goal === undefined ? {} : { goal };
    report({
      bench: 'scan',
      figure,
      value: ours / median(theirs),
      unit: '1',
      peer: `${peer}, ${ms} ms`,
      ...asked,
    });
  };
  report({ bench: 'scan', figure: 'processes', value: seen, unit: '{process}' });
  report({ bench: 'scan', figure: 'scan_ms', value: ours / 1000, unit: 'ms' });
  ratio('cpu_ratio_psutil', times.psutil, 'psutil, the same fields', '<= 0.25');
  ratio('cpu_ratio_c', times.c, 'C, the files of the same fields', '<= 1.0');
  // Not asked for: how far the reading of what the scanner does read lies above the kernel's own cost.
  ratio('cpu_ratio_c_steady', times.cSteady, 'C, only what a steady scan reads');
}

if (process.platform !== 'linux') {
  note('the scan bench needs Linux');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'homeostat-scan-'));
const sleepers = startSleepers(Math.max(0, PROCESSES - countProcesses()));
process.once('exit', () => {
  endGroup(sleepers);
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
if (sleepers.stdout) await createInterface({ input: sleepers.stdout })[Symbol.asyncIterator]().next();
await run(folder);
process.exit(0);
