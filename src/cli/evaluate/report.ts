import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';

/** What stands on a page before and after a report. */
interface Frame {
  readonly before: string;
  readonly after: string;
}

/** Throws a UserError where `writeReport` could not write: better now than after minutes of work. */
export function checkReport(path: string, name: string): void {
  frameOf(path, name);
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw refused(path, error);
  }
}

/**
 * Writes `text` to a Markdown page: between `<!-- name -->` and `<!-- /name -->` where the page has these marks, else as the
 * whole page. Throws a UserError where the page has one of them only, or cannot be read or written.
 */
export function writeReport(path: string, name: string, text: string): void {
  const { before, after } = frameOf(path, name);
  try {
    writeFileAtomic(path, `${before}${text}\n${after}`, 0o644);
  } catch (error) {
    throw refused(path, error);
  }
}

function frameOf(path: string, name: string): Frame {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const page = read(path);
  const from = page.indexOf(begin);
  const to = page.indexOf(end, Math.max(0, from));
  if (from < 0 && to < 0) return { before: '', after: '' };
  if (from < 0 || to < 0)
    throw new UserError(`${path}: needs both ${begin} and, after it, ${end}; or neither`);
  return { before: `${page.slice(0, from + begin.length)}\n\n`, after: `\n${page.slice(to)}` };
}

function read(path: string): string {
  try {
    return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : '';
  } catch (error) {
    throw refused(path, error);
  }
}

const refused = (path: string, error: unknown): UserError =>
  new UserError(`${path}: the report cannot be written (${errorCode(error) ?? errorMessage(error)})`);
