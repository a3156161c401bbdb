import { formatValue } from '../../model/display.ts';
import type { Rule } from '../rule.ts';
import { restart, subjectOf, systemctl, targetOf, unitOf } from '../target.ts';

/** Some task waits for memory for so much of the time. */
const WAITING = 0.1;
/** A process that has less of the machine's memory is not worth the trouble. */
const LARGE = 0.1;
const MOST = 3;

/** Tasks wait for memory, or it is nearly used up: who has most of it. */
export const memoryPressure: Rule = {
  name: 'memory-pressure',
  advise: ({ metrics, breaches, processes, memoryBytes }) => {
    const waiting = metrics.get('system.linux.pressure.some{resource=memory}') ?? 0;
    const used = metrics.get('system.memory.utilization') ?? 0;
    const breach = breaches.find(({ limit }) => limit === 'memory');
    if (waiting < WAITING && !breach) return [];
    return processes
      .filter(({ rss = 0 }) => rss >= LARGE * memoryBytes)
      .sort((one, other) => other.rss! - one.rss!)
      .slice(0, MOST)
      .map((process) => {
        const unit = unitOf(process.cgroup);
        const rss = process.rss!;
        const high = Math.floor((rss * 0.8) / 2 ** 20);
        const bound =
          unit && process.containerId === undefined
            ? {
                advice: `Give its service a bound from which on it is held back instead of the machine, or make its caches smaller.`,
                command: systemctl('set-property --runtime', unit, ` MemoryHigh=${high}M`),
                undo: systemctl('set-property --runtime', unit, ' MemoryHigh=infinity'),
                gain: `about ${formatValue(rss * 0.2, 'By')}: a fifth of what it has`,
              }
            : {
                ...restart(process),
                advice: 'Make its caches smaller, or restart it where it can be.',
                gain: `at most ${formatValue(rss, 'By')}: all that it has`,
              };
        return {
          severity: waiting >= 3 * WAITING ? ('HIGH' as const) : (breach?.severity ?? ('MEDIUM' as const)),
          ...{ target: targetOf(process), subject: subjectOf(process) },
          why: `it has ${formatValue(rss, 'By')}; memory is ${formatValue(used, '1')} in use, and tasks wait for it ${formatValue(waiting, '1')} of the time`,
          sure: 'medium' as const,
          because: 'it has most; whether it needs it, only its owner knows',
          ...bound,
        };
      });
  },
};
