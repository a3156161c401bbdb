/**
 * What a host costs the hub: 500 simulated agents, each with a connection and a stream of its own over mutual TLS, send what a
 * real agent sends (a recorded machine's metrics each 10 s, its processes at first, then starts and ends), spread over time.
 * Then a hostile client does its worst beside them. The hub, the agents and the hostile client are processes of their own, on the
 * same cores.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { count, isWhole } from '../test/faults/bus/count.ts';
import { enrolHosts, HubProcess, logOf } from '../test/support/hub.ts';
import { note, report } from './report.ts';

const bench = 'hosts';
const HOSTS = 500;
const CHILDREN = 2;
const WARM_MS = 30_000;
const QUIET_MS = 60_000;
const HOSTILE_MS = 30_000;
/** Of /proc/PID/stat: USER_HZ, the same on every Linux of today. */
const TICKS_A_SECOND = 100;

const AGENTS = fileURLToPath(new URL('hosts/agents.child.ts', import.meta.url));
const HOSTILE = fileURLToPath(new URL('hosts/hostile.child.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
const data = join(folder, 'data');

function run(program: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Times of answers as they come, ms, and keys that were acknowledged; what else a batch was answered is counted. */
class Answers {
  times: number[] = [];
  refused = 0;
  connected = 0;
  broken = 0;
  readonly acknowledged: string[] = [];

  listen(child: ChildProcess): void {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [word, first, ...keys] = line.split(' ');
      if (word === 'connected') this.connected++;
      else if (word === 'broken') this.broken++;
      else if (word === 'refused') this.refused++;
      else {
        this.times.push(Number(first));
        this.acknowledged.push(...keys);
      }
    });
  }

  /** The times within which half and 99 of 100 answers came since the last call, ms, and how many these were. */
  take(): { readonly batches: number; readonly p50: number; readonly p99: number } {
    const times = this.times.sort((a, b) => a - b);
    this.times = [];
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
    return { batches: times.length, p50: at(0.5), p99: at(0.99) };
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

const rssKilobytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** The worst of the hub's event loop and 99 of 100 since it was asked last, ms. */
async function loopDelay(hub: HubProcess): Promise<{ readonly p99: number; readonly max: number }> {
  const text = await (await fetch(`${hub.figures}/metrics`)).text();
  const at = (quantile: string): number =>
    1000 * Number(new RegExp(`loop_delay_seconds\\{share="${quantile}"\\} (\\S+)`).exec(text)?.[1]);
  return { p99: at('0.99'), max: at('1') };
}

async function measure(hub: HubProcess, ms: number): Promise<number> {
  const before = cpuSeconds(hub.pid);
  const began = performance.now();
  await sleep(ms);
  return (100 * (cpuSeconds(hub.pid) - before)) / ((performance.now() - began) / 1000);
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.stdin!.end();
  await closed;
}

const names = Array.from({ length: HOSTS }, (_, host) => `host-${host}`);
const children: ChildProcess[] = [];
let hub: HubProcess | undefined;
try {
  await enrolHosts(data, folder, [...names, 'hostile']);
  hub = await HubProcess.start(data);
  await sleep(3000);
  const empty = rssKilobytes(hub.pid);
  const answers = new Answers();
  for (let child = 0; child < CHILDREN; child++) {
    const own = names.filter((_, host) => host % CHILDREN === child);
    const agents = run(AGENTS, hub.address, folder, own.join(','));
    children.push(agents);
    answers.listen(agents);
  }
  for (let waited = 0; answers.connected < HOSTS && waited < 120; waited++) await sleep(500);
  await sleep(WARM_MS);
  answers.take();
  await loopDelay(hub);
  const cpu = await measure(hub, QUIET_MS);
  const loop = await loopDelay(hub);
  const quiet = { ...answers.take(), refused: answers.refused };
  const rss = rssKilobytes(hub.pid);

  const hostile = run(HOSTILE, hub.address, folder, 'hostile');
  children.push(hostile);
  const hostileCpu = await measure(hub, HOSTILE_MS);
  const beside = answers.take();
  const hostileRss = rssKilobytes(hub.pid);
  await end(hostile);
  const figures = await (await fetch(`${hub.figures}/metrics`)).text();
  await Promise.all(children.slice(0, CHILDREN).map(end));
  await hub.end();
  const counts = count(logOf(data), answers.acknowledged);

  report({ bench, figure: 'hosts', value: answers.connected, unit: '' });
  report({ bench, figure: 'cpu_percent_per_host', value: cpu / HOSTS, unit: '%' });
  report({ bench, figure: 'rss_kb_per_host', value: (rss - empty) / HOSTS, unit: 'kB' });
  report({ bench, figure: 'hub_cpu_percent', value: cpu, unit: '%' });
  report({ bench, figure: 'hub_rss_mb', value: (rss * 1024) / 1e6, unit: 'MB' });
  report({ bench, figure: 'ack_p50_ms', value: quiet.p50, unit: 'ms' });
  report({ bench, figure: 'ack_p99_ms', value: quiet.p99, unit: 'ms' });
  report({ bench, figure: 'loop_delay_p99_ms', value: loop.p99, unit: 'ms' });
  report({ bench, figure: 'loop_delay_max_ms', value: loop.max, unit: 'ms' });
  report({ bench, figure: 'ack_p50_ms_beside_hostile', value: beside.p50, unit: 'ms' });
  const peer = `without it: ${quiet.p99.toFixed(1)} ms`;
  report({ bench, figure: 'ack_p99_ms_beside_hostile', value: beside.p99, unit: 'ms', peer });
  report({ bench, figure: 'refused_beside_hostile', value: answers.refused - quiet.refused, unit: '' });
  report({ bench, figure: 'broken_streams', value: answers.broken, unit: '' });
  report({ bench, figure: 'hub_rss_mb_beside_hostile', value: (hostileRss * 1024) / 1e6, unit: 'MB' });
  report({ bench, figure: 'events_lost', value: counts.lost, unit: '', goal: '<= 0' });
  const limited = figures
    .split('\n')
    .filter((line) => /^bus_(limited|connections_refused)_total.* [1-9]/.test(line));
  note(
    `${quiet.batches} batches in ${QUIET_MS / 1000} s, ${beside.batches} in ${HOSTILE_MS / 1000} s beside the hostile client, which took the hub to ${hostileCpu.toFixed(0)} % of a core`,
  );
  note(`the hostile client was held back: ${limited.join(', ')}`);
  note(
    `${counts.acknowledged} events were acknowledged: ${isWhole(counts) ? 'all are in the log, once' : JSON.stringify(counts)}`,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  await hub?.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
