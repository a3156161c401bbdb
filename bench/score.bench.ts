import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Autoencoder } from '../src/detect/autoencoder.ts';
import { createEnsemble } from '../src/detect/ensemble.ts';
import { DEFAULT_DETECTORS, DETECTORS } from '../src/detect/registry.ts';
import { train } from '../src/learn/train.ts';
import { errorCode } from '../src/lib/errors.ts';
import { FEATURES } from '../src/model/features.ts';
import { standardise } from '../src/model/scaling.ts';
import { memoryHistory } from '../test/support/memory-history.ts';
import { START, syntheticSeries } from '../test/support/synthetic-machine.ts';
import { note, report } from './report.ts';

/** One row of all features, a few of them missing, scored by everything that ships; beside numpy, where it is installed. */
const SECONDS = 3600;
const ROUNDS = 5;
const bench = 'score';

/** The same network, the same rows one by one, in numpy. */
const NUMPY = `
import sys, time
import numpy as np
folder, sizes = sys.argv[1], [int(size) for size in sys.argv[2].split(',')]
flat = np.fromfile(folder + '/parameters', '<f4')
rows = np.fromfile(folder + '/rows', '<f4').reshape(-1, sizes[0])
layers, at = [], 0
for inputs, outputs in zip(sizes, sizes[1:]):
    weights = flat[at:at + inputs * outputs].reshape(outputs, inputs); at += inputs * outputs
    layers.append((weights, flat[at:at + outputs])); at += outputs
def score(row):
    missing = np.isnan(row)
    x = value = np.clip(np.where(missing, 0, row), -8, 8)
    for weights, biases in layers[:-1]: x = np.tanh(weights @ x + biases)
    weights, biases = layers[-1]
    error = np.where(missing, 0, value - (weights @ x + biases))
    return (error * error).sum() / (~missing).sum()
best = 1e9
for _ in range(5):
    before = time.perf_counter()
    for row in rows: score(row)
    best = min(best, (time.perf_counter() - before) / len(rows) * 1e6)
print(np.__version__, best)
`;

const values = syntheticSeries(SECONDS, 1);
const startedAt = performance.now();
const model = train(memoryHistory(START, values), {
  features: FEATURES,
  detectors: DEFAULT_DETECTORS,
  from: START,
  to: START + SECONDS * 1000,
  stepSeconds: 1,
  seed: 1,
  phase: 'provisional',
  progress: () => {},
});
note(
  `trained on ${model.rows} rows of ${model.features.length} features in ${Math.round(performance.now() - startedAt)} ms`,
);

const rows = Array.from({ length: SECONDS }, (_, second) =>
  Float32Array.from(FEATURES, ({ key }, column) =>
    (second + column) % 29 === 0 ? Number.NaN : values[key]![second]!,
  ),
);

/** As the ensemble hands them to each detector. */
const scaled = rows.map((row) => {
  const into = new Float32Array(row.length);
  standardise(model.scaling, row, into);
  return into;
});

/** Microseconds a row, the best of several rounds over all rows: the others measure what else the machine does. */
function microseconds(
  of: readonly Float32Array[],
  score: (row: Float32Array, at: number) => unknown,
): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    for (let second = 0; second < SECONDS; second++) score(of[second]!, START + second * 1000);
    best = Math.min(best, ((performance.now() - before) * 1000) / SECONDS);
  }
  return best;
}

const ensemble = createEnsemble(model);
report({
  bench,
  figure: 'score_us',
  value: microseconds(rows, (row, at) => ensemble.score(row, at)),
  unit: 'us/row',
  goal: '<= 50',
});
for (const { name, encoded } of model.detectors) {
  const detector = DETECTORS.find((one) => one.name === name)!;
  const scorer = detector.scorer(detector.decode(encoded));
  const value = microseconds(scaled, (row, at) => scorer.score(row, at));
  const figure = `${name.replaceAll('-', '_')}_us`;
  report({ bench, figure, value, unit: 'us/row', ...(name === 'isolation-forest' && { goal: '<= 20' }) });
  if (name === 'autoencoder') besideNumpy(encoded as { facts: unknown; arrays: unknown }, value);
}

/** What a monitor written in Python would pay for the same network. */
function besideNumpy(encoded: { facts: unknown; arrays: unknown }, ours: number): void {
  const { sizes } = encoded.facts as Pick<Autoencoder, 'sizes'>;
  const { parameters } = encoded.arrays as Pick<Autoencoder, 'parameters'>;
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
  try {
    writeFileSync(join(folder, 'parameters'), parameters);
    writeFileSync(join(folder, 'rows'), Buffer.concat(scaled.map((row) => Buffer.from(row.buffer))));
    const answer = execFileSync('/usr/bin/python3', ['-c', NUMPY, folder, sizes.join(',')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
    });
    const [version, theirs] = answer.trim().split(' ');
    report({
      bench,
      figure: 'autoencoder_ratio_numpy',
      value: ours / Number(theirs),
      unit: 'ratio',
      peer: `numpy ${version}: ${Number(theirs).toFixed(1)} us/row`,
      goal: '<= 1',
    });
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT' || String(error).includes("No module named 'numpy'");
    if (!missing) throw error;
    note('no peer: numpy is missing for /usr/bin/python3 (Debian: python3-numpy)');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
