import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const REFEREE = fileURLToPath(new URL('../../../shared/tools/detection/judge.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** What a detector made of a set, and what it is to be judged by. */
export interface Case {
  readonly name: string;
  readonly score: Float32Array;
  readonly flags: Uint8Array;
  readonly labels: Uint8Array;
  readonly gap: number;
  readonly perDay: number;
  readonly window: number;
}

/** In the referee's own words. */
export interface Verdict {
  readonly set: string;
  readonly auc_pr: number;
  readonly vus_pr: number;
  readonly auc_roc: number;
  readonly found: number;
  readonly events: number;
  readonly false: number;
  readonly days: number;
}

/** Whether the referee, which lives beside the project and needs numpy, can be asked; where not, `t` says what was left out. */
export function hasReferee(t: TestContext): boolean {
  const missing = existsSync(REFEREE) ? numpyProblem() : `there is no ${REFEREE}`;
  if (missing === undefined) return true;
  const line = `left out: ${t.name}: ${missing}`;
  if (process.env.CI) throw new Error(line);
  t.diagnostic(line);
  return false;
}

function numpyProblem(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import numpy'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return `numpy is missing for ${PYTHON} (Debian: python3-numpy)`;
  }
}

/** The referee's verdict on each case, in their order. */
export function askReferee(cases: readonly Case[]): readonly Verdict[] {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-referee-'));
  const [data, scores] = [join(folder, 'data'), join(folder, 'scores')];
  try {
    for (const path of [data, scores]) mkdirSync(path);
    const meta = cases.map(({ name, score, gap, perDay, window }) => ({
      name,
      train_rows: 1,
      test_rows: score.length,
      gap,
      per_day: perDay,
      vus_window: window,
    }));
    writeFileSync(join(data, 'meta.json'), JSON.stringify(meta));
    for (const { name, score, flags, labels } of cases) {
      writeFileSync(join(data, `${name}.label.u8`), labels);
      writeFileSync(join(scores, `${name}.train.score.f32`), new Float32Array(1));
      writeFileSync(join(scores, `${name}.test.score.f32`), score);
      writeFileSync(join(scores, `${name}.flag.u8`), flags);
    }
    const said = execFileSync(PYTHON, [REFEREE, scores, '--data', data, '--json'], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const verdicts = JSON.parse(said) as Verdict[];
    return cases.map(({ name }) => verdicts.find(({ set }) => set === name)!);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
