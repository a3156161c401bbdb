/**
 * What a training costs. First a network of 40-16-8-16-40 on a day of rows, CPU beside PyTorch's on one thread. Then a day
 * of every feature at 1 s, and the minutes of four weeks, learned as the daemon does: out of its history, by everything that ships, in its worker at low
 * priority, while the main thread goes on writing a row a second.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DenseNetwork } from '../src/detect/dense-network.ts';
import { errorCode } from '../src/lib/errors.ts';
import { BatchNetwork } from '../src/lib/kernels/batch-network.ts';
import { kernels } from '../src/lib/kernels/load.ts';
import { Random } from '../src/lib/random.ts';
import { syntheticRows } from '../test/support/synthetic-machine.ts';
import { note, report } from './report.ts';

const SIZES = [40, 16, 8, 16, 40];
const ROWS = 86_400;
const EPOCHS = 20;
const BATCH = 256;
const bench = 'train';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
try {
  besideTorch();
  measureDay();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function besideTorch(): void {
  const matrix = syntheticRows(ROWS, SIZES[0]!, 1);
  note(
    `${SIZES.join('-')} on ${ROWS} rows, ${EPOCHS} epochs of batches of ${BATCH}, Adam; kernels: ${kernels().kind}`,
  );
  const ours = trainOwn(matrix.data);
  report({ bench, figure: 'train_cpu_s', value: ours, unit: 's' });
  writeFileSync(join(folder, 'rows'), matrix.data);
  const script = fileURLToPath(new URL('./peers/train_torch.py', import.meta.url));
  const args = [script, join(folder, 'rows'), SIZES.join(','), String(BATCH), String(EPOCHS)];
  try {
    const answer = execFileSync('/usr/bin/python3', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [version, seconds] = answer.trim().split(' ');
    const theirs = Number(seconds);
    report({
      ...{ bench, figure: 'train_ratio_torch', value: ours / theirs, unit: 'ratio' },
      ...{ peer: `torch ${version}: ${theirs.toFixed(2)} s`, goal: '<= 1' },
    });
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT' || String(error).includes("No module named 'torch'");
    if (!missing) throw error;
    note('no peer: torch is missing for /usr/bin/python3 (Debian: python3-torch)');
  }
}

/** Seconds of CPU, the compiler's and the collector's threads included; reading and shuffling the rows too. */
function trainOwn(rows: Float32Array): number {
  const random = new Random(1);
  const start = new DenseNetwork(SIZES);
  start.initialise(random);
  const network = new BatchNetwork(SIZES, BATCH);
  network.parameters.set(start.parameters);
  const order = Int32Array.from({ length: ROWS }, (_, row) => row);
  const before = process.cpuUsage();
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    random.shuffle(order);
    for (let from = 0; from < ROWS; from += BATCH) {
      const count = Math.min(BATCH, ROWS - from);
      for (let lane = 0; lane < count; lane++) show(rows, order[from + lane]!, network, lane);
      network.learn(count, 1e-3);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function show(rows: Float32Array, row: number, { inputs, targets, lanes }: BatchNetwork, lane: number): void {
  const columns = SIZES[0]!;
  for (let column = 0; column < columns; column++) {
    const value = rows[row * columns + column]!;
    inputs[column * lanes + lane] = value;
    targets[column * lanes + lane] = value;
  }
}

/** In processes of its own, bundled as the daemon is: its memory shall be that of a daemon that trains. */
function measureDay(): void {
  const program = bundled();
  const run = (task: string): string =>
    execFileSync(process.execPath, [program, task, join(folder, 'data')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  note('writing a day of synthetic rows');
  run('write');
  const day = JSON.parse(run('train')) as {
    cpu: number;
    wall: number;
    rssMb: number;
    beforeMb: number;
    rows: number;
    due: number;
    seen: number;
    latestMs: number;
  };
  note(
    `a day: ${day.rows} rows of every feature in ${day.wall.toFixed(1)} s of clock; before it ${Math.round(day.beforeMb)} MB`,
  );
  report({ bench, figure: 'day_s', value: day.cpu, unit: 's of CPU', goal: '<= 60' });
  report({ bench, figure: 'day_rss_mb', value: day.rssMb, unit: 'MB', goal: '<= 200' });
  report({
    bench,
    figure: 'day_missed',
    value: day.due - day.seen,
    unit: `of ${day.due} samples`,
    goal: '<= 0',
  });
  report({ bench, figure: 'day_latest_ms', value: day.latestMs, unit: 'ms late' });
}

function bundled(): string {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const day = fileURLToPath(new URL('./day/train-day.ts', import.meta.url));
  const options = ['--bundle', '--splitting', '--format=esm', '--platform=node', '--minify-syntax'];
  const sources = [`train-day=${day}`, 'train-worker=src/agent/train-worker.ts'];
  execFileSync(
    join(root, 'node_modules/.bin/esbuild'),
    [...options, `--outdir=${folder}`, '--log-level=warning', ...sources],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  copyFileSync(join(root, 'src/lib/kernels/kernels.wasm'), join(folder, 'kernels.wasm'));
  return join(folder, 'train-day.js');
}
