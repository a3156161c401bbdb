import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readLabels, readRows, readSets } from '../src/learn/evaluation/labelled-set.ts';
import { type Measures, measure } from '../src/learn/evaluation/measure.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { cases } from './evaluation/cases.ts';
import { askReferee, type Case, hasReferee, type Verdict } from './support/referee.ts';
import { sharedData } from './support/shared-data.ts';

/** What the referee said of the cases; `evaluation/make-golden.ts` wrote it down. */
const golden = JSON.parse(
  readFileSync(new URL('./evaluation/golden.json', import.meta.url), 'utf8'),
) as readonly Verdict[];

const TOLERANCE = 1e-6;

function ours({ name, score, flags, labels, gap, perDay, window }: Case): Measures {
  const firstNamed = new Int32Array(score.length).fill(-1);
  const rest = { features: 1, trainRows: undefined, testRows: undefined, causes: undefined };
  return measure({ score, flags, firstNamed }, labels, { ...rest, name, perDay, gap, vusWindow: window });
}

function assertAgree(one: Case, verdict: Verdict): void {
  const { aucPr, vusPr, aucRoc, events } = ours(one);
  for (const [what, mine, theirs] of [
    ['AUC-PR', aucPr, verdict.auc_pr],
    ['VUS-PR', vusPr, verdict.vus_pr],
    ['AUC-ROC', aucRoc, verdict.auc_roc],
    ['found', events?.found, verdict.found],
    ['events', events?.events, verdict.events],
    ['false alarms', events?.falseAlarms, verdict.false],
    ['days', events?.days, verdict.days],
  ] as const) {
    const difference = Math.abs((mine ?? Number.NaN) - theirs);
    assert.ok(difference <= TOLERANCE, `${one.name}: ${what} is ${mine}, the referee says ${theirs}`);
  }
}

describe('our measures are those of the referee', () => {
  for (const [index, one] of cases.entries()) {
    it(`on made scores, as it once said: ${one.name}`, () => assertAgree(one, golden[index]!));
  }

  it('on made scores, as it says now', (t) => {
    if (!hasReferee(t)) return;
    for (const [index, verdict] of askReferee(cases).entries()) assertAgree(cases[index]!, verdict);
  });

  it('on every public set', (t) => {
    const folder = sharedData('detection', t);
    if (!folder || !hasReferee(t)) return;
    const judged = readSets(folder).map((set): Case => {
      const train = readRows(folder, set, 'train', 0);
      const test = readRows(folder, set, 'test', train.rows);
      const score = distances(train, test);
      const alarming = score.toSorted().at(-Math.ceil(score.length / 100))!;
      return {
        name: set.name,
        score,
        flags: Uint8Array.from(score, (value) => (value >= alarming ? 1 : 0)),
        labels: readLabels(folder, set, test.rows)!,
        gap: set.gap!,
        perDay: set.perDay,
        window: set.vusWindow!,
      };
    });
    const verdicts = askReferee(judged);
    assert.equal(verdicts.length, 16);
    for (const [index, verdict] of verdicts.entries()) assertAgree(judged[index]!, verdict);
  });
});

/** How far each row is from the middle of the train rows, in a few hundred steps, so that many are equal. */
function distances(train: Matrix, { columns, data, rows }: Matrix): Float32Array {
  const middle = new Float64Array(columns);
  for (const [index, value] of train.data.entries()) middle[index % columns]! += value / train.rows;
  const score = new Float32Array(rows);
  for (const [index, value] of data.entries())
    score[Math.floor(index / columns)]! += Math.abs(value - middle[index % columns]!);
  return score.map((sum) => Math.round((sum / columns) * 500) / 500);
}
