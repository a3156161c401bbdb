import { duration } from '../../lib/text.ts';
import type { BlockMeasures, Comparison } from '../../model/comparison.ts';
import { table } from '../table.ts';
import { when } from './when.ts';

/** Two models on the same rows, as lines. */
export function renderComparison(comparison: Comparison): readonly string[] {
  const { from, to, rows, alarmsAllowed, faults, current, candidate, worse } = comparison;
  const measured = table(
    [
      { title: 'MODEL', value: ({ id }: BlockMeasures) => id },
      { title: 'ALARMS', value: ({ alarms }) => String(alarms), align: 'right' },
      { title: 'P-VALUES OFF BY', value: (one) => one.calibrationError.toFixed(3), align: 'right' },
      { title: 'KNOWN FAULTS FOUND', value: (one) => `${one.faultsFound} of ${faults}`, align: 'right' },
    ],
    [current, candidate],
  );
  return [
    `On the same ${rows.toLocaleString('en')} rows, ${when(from)} to ${when(to)} (${duration(to - from)}), of which the rate allows ${alarmsAllowed} alarm events:`,
    ...measured.split('\n').map((line) => `  ${line}`),
    worse.length === 0 ? `  ${candidate.id} is not worse` : `  ${candidate.id} is worse: ${worse.join('; ')}`,
  ];
}
