import { byOnnxRuntime } from '../src/detect/onnx-scorer.ts';
import { encodeOnnx } from '../src/learn/export/onnx.ts';
import type { Scorer } from '../src/model/detector.ts';
import { exportedModel } from '../test/support/exported-model.ts';
import { encodeForRuntime, ONNX_FOLDER, runOnnx } from '../test/support/onnxruntime.ts';
import { report } from './report.ts';

/** The network scored by ONNX Runtime beside the built-in scorer: a row at a time, as the daemon does, and many at once. */
const bench = 'runtime';
const ROUNDS = 3;
const { source, detector, rows, scaled, score } = exportedModel();
const { columns } = rows;
const raw = Array.from({ length: rows.rows }, (_, row) =>
  rows.data.subarray(row * columns, (row + 1) * columns),
);
const standardised = raw.map(scaled);
const learned = detector.decode(source.part.encoded);

/** Microseconds a row: wall clock and CPU of all threads, the best of several rounds. */
async function cost(work: () => unknown, count: number): Promise<{ wall: number; cpu: number }> {
  let [wall, cpu] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    const usage = process.cpuUsage();
    const before = performance.now();
    await work();
    wall = Math.min(wall, ((performance.now() - before) * 1000) / count);
    const { user, system } = process.cpuUsage(usage);
    cpu = Math.min(cpu, (user + system) / count);
  }
  return { wall, cpu };
}

const all = (scorer: Scorer) => (): void => {
  for (const row of standardised) scorer.score(row, 0);
};

const memoryBefore = process.memoryUsage.rss();
const ready = Promise.withResolvers<string>();
const [accelerated] = byOnnxRuntime([detector], {
  folder: ONNX_FOLDER,
  encode: encodeForRuntime,
  ready: ready.resolve,
  trouble: (reason) => ready.reject(new Error(reason)),
});
const runtime = accelerated!.scorer(learned);
const alive = setInterval(() => {}, 1000);
const provider = await ready.promise;
const peer = `ONNX Runtime, ${provider}`;
const builtin = await cost(all(detector.scorer(learned)), raw.length);
const byRuntime = await cost(all(runtime), raw.length);
report({ bench, figure: 'builtin_row_us', value: builtin.wall, unit: 'us/row' });
report({ bench, figure: 'runtime_row_us', value: byRuntime.wall, unit: 'us/row', peer });
report({ bench, figure: 'runtime_row_cpu_us', value: byRuntime.cpu, unit: 'us/row', peer });
const memory = (process.memoryUsage.rss() - memoryBefore) / 1e6;
report({ bench, figure: 'runtime_rss_mb', value: memory, unit: 'MB more', peer });
clearInterval(alive);
runtime.close!();

const model = encodeOnnx(source, 'none');
await runOnnx(model, rows.data, columns);
const batch = await cost(() => runOnnx(model, rows.data, columns), raw.length);
const loop = await cost(() => raw.map(score), raw.length);
report({ bench, figure: 'builtin_raw_row_us', value: loop.wall, unit: 'us/row' });
report({
  bench,
  figure: 'runtime_batch_row_us',
  value: batch.wall,
  unit: 'us/row',
  peer: `${raw.length} rows at once`,
});
