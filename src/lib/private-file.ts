import { statSync } from 'node:fs';
import { UserError } from './errors.ts';

interface Wide {
  /** What others could read. */
  readonly what?: string;
  /** What is to be done once it is mended. */
  readonly next?: string;
}

/**
 * Throws a UserError, with the command that mends it and what is to be done `next`, where more than `mode` allows may be done with the
 * file or folder, or with what a link in its place points to, which is what chmod mends; a system error where there is none. Windows has
 * no such modes.
 */
export function refuseWide(
  path: string,
  mode: number,
  { what = 'keys', next = 'and if others were here, enrol anew' }: Wide = {},
): void {
  if (process.platform === 'win32') return;
  const now = statSync(path).mode & 0o777;
  if ((now & ~mode) === 0) return;
  throw new UserError(
    `${path} has mode ${now.toString(8).padStart(4, '0')}, so that others could read ${what}: run 'chmod ${mode.toString(8)} ${path}', ${next}`,
  );
}
