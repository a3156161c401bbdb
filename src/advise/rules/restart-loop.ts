import { duration } from '../../lib/text.ts';
import type { Rule } from '../rule.ts';
import { quoted, systemctl } from '../target.ts';

const LEAST = 4;
const SHORT_MS = 60_000;

/** A service whose main process ends again and again soon after it began. */
export const restartLoop: Rule = {
  name: 'restart-loop',
  advise: ({ restarts }) =>
    restarts
      .filter(({ count, medianLifeMs }) => count >= LEAST && medianLifeMs < SHORT_MS)
      .map(({ unit, count, overMs, medianLifeMs }) => ({
        severity: 'MEDIUM' as const,
        target: { kind: 'service' as const, unit },
        subject: `service ${quoted(unit)}`,
        advice: `It does not stay up: read why in its log (journalctl -n 50 -u ${quoted(unit)}); stop it until that is mended.`,
        why: `${count} starts within ${duration(overMs)}, each lasted about ${duration(medianLifeMs)}`,
        gain: 'an end of what each start costs; a log that can be read',
        sure: 'high' as const,
        because:
          'its main processes were seen to begin and end; those that lived for less than a scan were not',
        command: systemctl('stop', { name: unit }),
        undo: systemctl('start', { name: unit }),
      })),
};
