import { formatValue } from '../../model/display.ts';
import type { Rule } from '../rule.ts';
import { restart, subjectOf, targetOf } from '../target.ts';

/** Pages a second in both directions: what is swapped out is needed again at once. */
const PAGES = 100;
/** All tasks wait for memory for so much of the time. */
const STALLED = 0.05;

/** The machine moves pages to and fro instead of working. */
export const swapThrash: Rule = {
  name: 'swap-thrash',
  advise: ({ metrics, processes }) => {
    const into = metrics.get('system.paging.operations{system.paging.direction=in}') ?? 0;
    const out = metrics.get('system.paging.operations{system.paging.direction=out}') ?? 0;
    const stalled = metrics.get('system.linux.pressure.full{resource=memory}') ?? 0;
    if (into < PAGES || out < PAGES || stalled < STALLED) return [];
    const largest = processes.filter(({ rss = 0 }) => rss > 0).sort((one, other) => other.rss! - one.rss!)[0];
    const end = largest && restart(largest);
    return [
      {
        severity: 'HIGH',
        ...(largest
          ? { target: targetOf(largest), subject: subjectOf(largest) }
          : { target: { kind: 'machine' as const }, subject: 'the machine' }),
        advice: `More is in use than there is memory for: ${end ? end.advice : 'end something large'} or run it elsewhere; more swap would only move more pages.`,
        why: `${formatValue(into, '{page}/s')} pages in and ${formatValue(out, '{page}/s')} out; all work stands still ${formatValue(stalled, '1')} of the time`,
        gain: `up to ${formatValue(stalled, '1')} of the time of all tasks: that in which all of them wait for memory now`,
        sure: 'medium',
        because: 'the largest process is named, which need not be the one that came last',
        ...(end && { command: end.command }),
        undo: end?.undo ?? 'start again what was ended',
      },
    ];
  },
};
