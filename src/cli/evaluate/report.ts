import { readFileSync, statSync } from 'node:fs';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';

/**
 * Writes `text` to a Markdown page: between `<!-- name -->` and `<!-- /name -->` where the page has these marks, else as the
 * whole page. Throws a UserError where it has one of them only, or cannot be read or written.
 */
export function writeReport(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  try {
    const page = statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : '';
    const from = page.indexOf(begin);
    const to = page.indexOf(end, from);
    if (from < 0 !== to < 0)
      throw new UserError(`${path}: needs both ${begin} and, after it, ${end}; or neither`);
    const whole =
      from < 0 ? `${text}\n` : `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
    writeFileAtomic(path, whole, 0o644);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path}: the report cannot be written (${errorCode(error) ?? errorMessage(error)})`,
      1,
    );
  }
}
