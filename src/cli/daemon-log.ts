import { createLog, type LeveledLog, type LogLevel } from '../agent/log.ts';
import { systemClock } from '../lib/clock.ts';
import { RotatingFile } from '../lib/rotating-file.ts';
import type { Loss } from '../model/coverage.ts';

/** The daemon's log file, and what could not be written into it. */
export function openDaemonLog(path: string, level: LogLevel): { log: LeveledLog; losses(): readonly Loss[] } {
  let count = 0;
  let lastAt = 0;
  const log = createLog(new RotatingFile({ path }), level, () => {
    count++;
    lastAt = systemClock.now();
  });
  const why = `${path} cannot be written`;
  return { log, losses: () => (count === 0 ? [] : [{ what: 'events not logged', why, count, lastAt }]) };
}
