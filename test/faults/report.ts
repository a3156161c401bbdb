import { duration, printable, truncate } from '../../src/lib/text.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { who } from '../../src/model/display.ts';

export interface Result {
  readonly fault: string;
  readonly what: string;
  readonly caught: boolean;
  /** It showed in an anomaly that was open before it began: only its culprit came to be named. */
  readonly joined: boolean;
  /** From its beginning to the anomaly that was raised for it, and to the right culprit in it, s. */
  readonly afterSeconds: number | undefined;
  readonly culpritAfterSeconds: number | undefined;
  readonly anomaly: Anomaly | undefined;
  readonly rightCulprit: boolean;
  /** What else was raised while it lasted. */
  readonly others: readonly Anomaly[];
}

export interface Report {
  readonly learnedMs: number;
  readonly results: readonly Result[];
  /** Raised when nothing was wrong. */
  readonly quiet: readonly Anomaly[];
  readonly quietMs: number;
}

export function table({ results, quiet, quietMs, learnedMs }: Report): string {
  const rows = results.map(({ fault, caught, joined, afterSeconds, anomaly, rightCulprit }) => [
    fault,
    caught ? (joined ? 'caught (one was open)' : 'caught') : 'MISSED',
    afterSeconds === undefined ? '' : `${Math.round(afterSeconds)} s`,
    anomaly?.severity ?? '',
    anomaly ? (rightCulprit ? 'right' : 'WRONG') : '',
    culpritOf(anomaly),
  ]);
  const all = [['fault', '', 'after', 'severity', 'culprit', ''], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const raised = quiet.map((anomaly) => `  ${anomaly.severity} ${anomaly.sentence}`);
  const beside = results.flatMap(({ fault, others }) =>
    others.map(({ severity, sentence }) => `Also raised during ${fault}: ${severity} ${sentence}`),
  );
  return [
    ...lines,
    '',
    ...beside,
    `Raised in ${duration(quietMs)} of quiet time, after ${duration(learnedMs)} of learning: ${quiet.length}`,
    ...raised,
  ].join('\n');
}

function culpritOf(anomaly: Anomaly | undefined): string {
  const culprit = anomaly?.culprits[0];
  if (!culprit) return anomaly ? printable(truncate(anomaly.sentence, 120)) : '';
  return `${who(culprit)}: ${printable(culprit.evidence)}`;
}
