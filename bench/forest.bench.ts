import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIsolationForest } from '../src/detect/isolation-forest.ts';
import { errorCode } from '../src/lib/errors.ts';
import { syntheticRows } from '../test/support/synthetic-machine.ts';
import { note, report } from './report.ts';

/** The isolation forest of 100 trees of 256 rows: learned from 100,000 rows, which it scores then; beside scikit-learn's. */
const ROWS = 100_000;
const COLUMNS = 40;
const ROUNDS = 3;
const bench = 'forest';

const matrix = syntheticRows(ROWS, COLUMNS, 1);
const rows = Array.from({ length: ROWS }, (_, row) =>
  matrix.data.subarray(row * COLUMNS, (row + 1) * COLUMNS),
);
const detector = createIsolationForest();
const context = { seed: 1, progress: () => {} };

/** Seconds, the best of several rounds: the others measure what else the machine does. */
function seconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    work();
    best = Math.min(best, (performance.now() - before) / 1000);
  }
  return best;
}

const scorer = detector.scorer(detector.learn(matrix, matrix, context));
const fit = seconds(() => detector.learn(matrix, matrix, context));
const score = seconds(() => {
  for (const row of rows) scorer.score(row, 0);
});
report({ bench, figure: 'fit_ms', value: fit * 1000, unit: 'ms' });
report({ bench, figure: 'row_us', value: (score / ROWS) * 1e6, unit: 'us/row', goal: '<= 20' });
besideScikitLearn();

function besideScikitLearn(): void {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-bench-'));
  try {
    writeFileSync(join(folder, 'rows'), matrix.data);
    const peer = fileURLToPath(new URL('./peers/forest_sklearn.py', import.meta.url));
    const answer = execFileSync('/usr/bin/python3', [peer, join(folder, 'rows'), String(COLUMNS)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    const [version, ...figures] = answer.trim().split(' ');
    const [theirFit, theirScore, theirRow] = figures.map(Number) as [number, number, number];
    const compare = (figure: string, ours: number, theirs: number, seen: string, goal?: string): void =>
      report({
        ...{ bench, figure, value: ours / theirs, unit: 'ratio' },
        ...{ peer: `scikit-learn ${version}: ${seen}`, ...(goal && { goal }) },
      });
    const ms = (value: number): string => `${Math.round(value * 1000)} ms`;
    compare('ratio_sklearn', fit + score, theirFit + theirScore, ms(theirFit + theirScore), '< 1');
    compare('fit_ratio_sklearn', fit, theirFit, ms(theirFit));
    compare('score_ratio_sklearn', score, theirScore, ms(theirScore));
    compare('row_ratio_sklearn', (score / ROWS) * 1e6, theirRow, `${Math.round(theirRow)} us a single row`);
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT' || String(error).includes("No module named 'sklearn'");
    if (!missing) throw error;
    note('no peer: scikit-learn is missing for /usr/bin/python3 (Debian: python3-sklearn)');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
