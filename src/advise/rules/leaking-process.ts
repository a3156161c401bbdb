import { duration } from '../../lib/text.ts';
import { formatValue } from '../../model/display.ts';
import type { Rule } from '../rule.ts';
import { restart, subjectOf, targetOf } from '../target.ts';

/** A process whose own memory grows without a pause: found by the detector of growth, which knows its past. */
export const leakingProcess: Rule = {
  name: 'leaking-process',
  advise: ({ anomalies, processes, past, memoryBytes, at }) =>
    anomalies
      .filter(({ finding }) => finding === 'growth')
      .flatMap((anomaly) => {
        const process = processes.find(({ id }) => id === anomaly.culprits[0]?.id);
        if (!process?.rss) return [];
        const before = past(process.id).find(({ rss }) => rss > 0)?.rss ?? process.rss;
        const grown = Math.max(0, process.rss - before);
        const { advice, command, undo } = restart(process);
        return [
          {
            severity: grown > memoryBytes / 4 ? ('HIGH' as const) : anomaly.severity,
            target: targetOf(process),
            subject: subjectOf(process),
            advice: `It takes memory without a pause: ${advice} at a quiet moment, and look for what it keeps.`,
            why: `${formatValue(grown, 'By')} more in half an hour, ${formatValue(process.rss, 'By')} now; growing for ${duration(at - anomaly.since)}`,
            gain: `about ${formatValue(grown, 'By')} of memory, until it has grown again: what came since half an hour ago`,
            sure: anomaly.provisional ? ('medium' as const) : ('high' as const),
            because: anomaly.provisional
              ? 'little of its past is known yet'
              : 'it grew for far longer than this program ever did',
            ...{ command, undo },
          },
        ];
      }),
};
