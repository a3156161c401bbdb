import { formatValue } from '../../model/display.ts';
import type { Rule } from '../rule.ts';
import { subjectOf, systemctl, targetOf, unitOf } from '../target.ts';

/** New processes and threads a second; a parallel build makes some dozens. */
const STORM = 200;
const LEAST_SHARE = 0.4;

/** Processes are born faster than anybody needs them. */
export const forkStorm: Rule = {
  name: 'fork-storm',
  advise: ({ metrics, blame, processes }) => {
    const rate = metrics.get('system.process.created') ?? 0;
    if (rate < STORM) return [];
    const [culprit] = blame('system.process.created');
    const process = processes.find(({ id }) => id === culprit?.id);
    if (!culprit || !process || culprit.share < LEAST_SHARE) return [];
    const unit = unitOf(process.cgroup);
    return [
      {
        severity: 'HIGH',
        ...{ target: targetOf(process), subject: subjectOf(process) },
        advice: unit
          ? 'Bound how many tasks its service may have, then see why it starts so many.'
          : 'Hold it: stopped, it starts no more; then see why it does, and end it.',
        why: `${formatValue(rate, '{process}/s')} new processes and threads; ${culprit.evidence}`,
        gain: `about ${formatValue(rate * culprit.share, '{process}/s')} fewer births: its share of them`,
        sure: culprit.share > 0.7 ? 'high' : 'medium',
        because: 'a test run or a build makes many as well, but ends',
        command: unit
          ? systemctl('set-property --runtime', unit, ' TasksMax=256')
          : `kill -STOP ${process.pid}`,
        undo: unit
          ? systemctl('set-property --runtime', unit, ' TasksMax=infinity')
          : `kill -CONT ${process.pid}`,
      },
    ];
  },
};
