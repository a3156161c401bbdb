import { formatValue } from '../../model/display.ts';
import type { Rule } from '../rule.ts';

/** Threads that want to run, by core, over five minutes; and some task waits for a CPU for so much of the time. */
const CROWDED = 2;
const WAITING = 0.4;

/** More wants to run than there are cores. */
export const oversubscribed: Rule = {
  name: 'oversubscribed',
  advise: ({ metrics, cpus, processes }) => {
    const load = metrics.get('system.linux.cpu.load_5m') ?? 0;
    const waiting = metrics.get('system.linux.pressure.some{resource=cpu}') ?? 0;
    if (load < CROWDED * cpus || waiting < WAITING) return [];
    const runnable = processes.filter(({ state }) => state === 'R').length;
    return [
      {
        severity: load >= 4 * cpus ? 'MEDIUM' : 'LOW',
        target: { kind: 'machine' },
        subject: 'the machine',
        advice: `Run less at a time: as many jobs as there are cores (make -j${cpus}, workers of servers and tests), or some of it at another hour.`,
        why: `${formatValue(load, '{thread}')} threads wanted to run on ${cpus} cores over five minutes; tasks wait ${formatValue(waiting, '1')} of the time${runnable > 0 ? `; ${runnable} processes run or want to now` : ''}`,
        gain: `the same work with less waiting: ${formatValue(waiting, '1')} of the time somebody waits for a core now`,
        sure: 'high',
        because: 'the load, and the time that tasks wait, say the same; which work can wait only you know',
        undo: 'nothing to undo: run as many as before',
      },
    ];
  },
};
