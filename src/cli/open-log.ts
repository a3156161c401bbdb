import { existsSync } from 'node:fs';
import { UserError } from '../lib/errors.ts';
import { logFile } from './hub-folder.ts';

/** Opens the hub's log beside the hub or without it. Throws a UserError where there is none. */
export async function openLog(dataFolder: string) {
  const path = requireLog(dataFolder);
  const { LogReader } = await import('../wal/log-reader.ts');
  return new LogReader(path);
}

/** The path of the hub's log. Throws a UserError where there is none. */
export function requireLog(dataFolder: string): string {
  const path = logFile(dataFolder);
  if (existsSync(path)) return path;
  throw new UserError(
    `${path} is not there: 'homeostat hub' makes it, or name another folder with --data`,
    1,
  );
}
