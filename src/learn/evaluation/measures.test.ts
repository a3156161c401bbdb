import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aucPr } from './auc-pr.ts';
import { aucRoc } from './auc-roc.ts';
import { countEvents } from './events.ts';
import { runsOf, segmentsOf } from './segments.ts';
import { vusPr } from './vus-pr.ts';

const SEED = 3;
const WINDOW = 9;

/** Rows with a score of few values, so that many are equal, and a label; at least one row of either kind. */
const judged = fc
  .array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.boolean()), { minLength: 2, maxLength: 60 })
  .map((rows) => ({
    score: Float32Array.from(rows, ([score]) => score),
    labels: Uint8Array.from(rows, ([, label]) => (label ? 1 : 0)),
  }))
  .filter(({ labels }) => labels.includes(0) && labels.includes(1));

const holds = (what: (one: { score: Float32Array; labels: Uint8Array }) => void): void =>
  fc.assert(fc.property(judged, what), { seed: SEED });

const near = (one: number, other: number): void =>
  assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

const areas: readonly (readonly [string, (score: Float32Array, labels: Uint8Array) => number])[] = [
  ['AUC-PR', aucPr],
  ['AUC-ROC', aucRoc],
  ['VUS-PR', (score, labels) => vusPr(score, labels, WINDOW)],
];

for (const [name, area] of areas) {
  describe(name, () => {
    it('asks for the order of the scores only', () => {
      holds(({ score, labels }) => {
        const stretched = score.map((value) => value ** 3 + 5 * value - 2);
        near(area(stretched, labels), area(score, labels));
      });
    });

    it('lies between 0 and 1, and is 1 for scores that know the labels', () => {
      holds(({ score, labels }) => {
        const value = area(score, labels);
        assert.ok(value >= 0 && value <= 1 + 1e-9, `${value}`);
      });
      // The buffers of VUS-PR reward what is near an event, so that only a lone width of 0 is sure of a 1.
      const labels = Uint8Array.of(0, 0, 1, 1, 1, 0, 0, 0, 1, 0);
      near(
        name === 'VUS-PR'
          ? vusPr(Float32Array.from(labels), labels, 0)
          : area(Float32Array.from(labels), labels),
        1,
      );
    });

    it('is not a number where nothing is labelled', () => {
      assert.ok(Number.isNaN(area(Float32Array.of(1, 2, 3), new Uint8Array(3))));
    });
  });
}

describe('AUC-ROC', () => {
  it('is the share of pairs that are in the right order, equal ones counted half', () => {
    holds(({ score, labels }) => {
      let right = 0;
      let pairs = 0;
      for (const [row, value] of score.entries()) {
        for (const [other, lower] of score.entries()) {
          if (labels[row] !== 1 || labels[other] !== 0) continue;
          pairs++;
          right += value > lower ? 1 : value === lower ? 0.5 : 0;
        }
      }
      near(aucRoc(score, labels), right / pairs);
    });
  });

  it('turns round with the scores', () => {
    holds(({ score, labels }) => {
      near(
        aucRoc(
          score.map((value) => -value),
          labels,
        ),
        1 - aucRoc(score, labels),
      );
    });
  });
});

describe('AUC-PR', () => {
  it('of scores that are all equal is the share of labelled rows', () => {
    holds(({ labels }) => {
      const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
      near(aucPr(new Float32Array(labels.length), labels), share);
    });
  });

  it('does not ask in which order the rows came', () => {
    holds(({ score, labels }) => near(aucPr(score.toReversed(), labels.toReversed()), aucPr(score, labels)));
  });
});

describe('VUS-PR', () => {
  it('rewards an alarm beside an event, and less the further it is away', () => {
    const labels = new Uint8Array(200);
    labels.fill(1, 100, 110);
    const at = (row: number): number => {
      const score = Float32Array.from(labels, (_, index) => Math.exp(-Math.abs(index - row)));
      return vusPr(score, labels, 20);
    };
    assert.ok(at(105) > at(98) && at(98) > at(95) && at(95) > at(60), `${[at(105), at(98), at(95), at(60)]}`);
  });
});

describe('events', () => {
  const flagsOf = ({ score }: { score: Float32Array }): Uint8Array =>
    Uint8Array.from(score, (value) => (value > 2 ? 1 : 0));

  it('are all found by who is always alarmed, whose time of alarm tells on him, and none by who never is', () => {
    holds(({ labels }) => {
      const always = countEvents(new Uint8Array(labels.length).fill(1), labels, 2, 10);
      assert.deepEqual([always.found, always.falseAlarms], [always.events, 0]);
      near(always.falseDays, always.days);
      const never = countEvents(new Uint8Array(labels.length), labels, 2, 10);
      assert.deepEqual([never.found, never.falseAlarms, never.falseDays], [0, 0, 0]);
    });
  });

  it('are found no less with one more flag', () => {
    holds((one) => {
      const flags = flagsOf(one);
      const { found } = countEvents(flags, one.labels, 2, 10);
      const more = flags.with(flags.length >> 1, 1);
      assert.ok(countEvents(more, one.labels, 2, 10).found >= found);
    });
  });

  it('are runs of labels; flags with at most the gap between them are one alarm', () => {
    assert.deepEqual(segmentsOf(Uint8Array.of(1, 1, 0, 1, 0)), [
      { first: 0, last: 1 },
      { first: 3, last: 3 },
    ]);
    assert.deepEqual(runsOf(Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 1), 2), [
      { first: 0, last: 3 },
      { first: 7, last: 7 },
    ]);
  });

  it('make an alarm so near that it is not false, and not one a row further off', () => {
    const labels = new Uint8Array(20);
    labels[10] = 1;
    const falseAt = (row: number): number =>
      countEvents(new Uint8Array(20).with(row, 1), labels, 3, 10).falseAlarms;
    assert.deepEqual([6, 7, 13, 14].map(falseAt), [1, 0, 0, 1]);
  });
});
