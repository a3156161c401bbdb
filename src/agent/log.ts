import pino from 'pino';
import type { Log } from '../lib/log.ts';
import type { RotatingFile } from '../lib/rotating-file.ts';
import { escapeJson, printable } from '../lib/text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A log of which the level can be changed while it is written. */
export interface LeveledLog extends Log {
  setLevel(level: LogLevel): void;
}

/** Structured lines into `file` (daemon.log); `lost` is called for each line that could not be written. */
export function createLog(file: RotatingFile, level: LogLevel, lost: () => void): LeveledLog {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line: string) => {
        if (!file.write(escapeJson(line.trimEnd()))) lost();
      },
    },
  );
  const at =
    (name: LogLevel): Log[LogLevel] =>
    (message, fields) =>
      logger[name](fields ?? {}, printable(message));
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    setLevel: (name) => {
      logger.level = name;
    },
  };
}
