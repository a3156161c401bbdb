import { duration } from '../../lib/text.ts';
import type { Rule } from '../rule.ts';
import { restart, subjectOf, targetOf } from '../target.ts';

/** A process that does nothing any more: somebody stopped it, or the detector of silence knows that it never was so still. */
export const frozenProcess: Rule = {
  name: 'frozen-process',
  advise: ({ anomalies, processes, at }) => {
    const stopped = processes
      .filter(({ state }) => state === 'T')
      .map((process) => ({
        ...{ severity: 'MEDIUM' as const, target: targetOf(process), subject: subjectOf(process) },
        advice: 'It was stopped by a signal: let it go on, or end it if nobody will.',
        why: 'its state is T (stopped), in which it waits for SIGCONT',
        gain: 'it works again, and those that wait for it; the locks and connections that it holds',
        sure: 'medium' as const,
        because: 'it may be stopped on purpose: by Ctrl-Z in a shell, or by a backup',
        command: `kill -CONT ${process.pid}`,
        undo: `kill -STOP ${process.pid}`,
      }));
    const silent = anomalies
      .filter(({ finding }) => finding === 'silence')
      .flatMap((anomaly) => {
        const process = processes.find(({ id }) => id === anomaly.culprits[0]?.id);
        if (!process || process.state === 'T') return [];
        const { advice, command, undo } = restart(process);
        return [
          {
            ...{ severity: anomaly.severity, target: targetOf(process), subject: subjectOf(process) },
            advice: `It shows no sign of life: see what it waits for (cat /proc/${process.pid}/wchan /proc/${process.pid}/stack), then ${advice}.`,
            why: `nothing of it for ${duration(at - anomaly.since)}: ${anomaly.culprits[0]?.evidence ?? ''}`,
            gain: 'what it did before: it was never silent for so long',
            sure: 'medium' as const,
            because:
              process.state === 'D'
                ? 'it waits for a device: ending it may have to wait too'
                : 'it may wait for others',
            ...{ command, undo },
          },
        ];
      });
    return [...stopped, ...silent];
  },
};
