import { readFileSync, rmSync } from 'node:fs';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, UserError } from '../../lib/errors.ts';
import type { ExportPlan } from './plan.ts';

const VERSION = 1;

/** How far an export came, in a file beside it: FILE.cursor. It is gone when the export is whole. */
export interface Cursor {
  readonly plan: ExportPlan;
  /** Of the source, after which rows are missing; undefined: all are. */
  readonly position: number | undefined;
  /** Of the format, where the position does not say all. */
  readonly state?: string | undefined;
  /** The file's first bytes, which are whole rows, and their CRC-32: what comes after them is cut off. */
  readonly bytes: number;
  readonly checksum: number;
}

const cursorPath = (file: string): string => `${file}.cursor`;

export function writeCursor(file: string, cursor: Cursor): void {
  writeFileAtomic(cursorPath(file), JSON.stringify({ version: VERSION, ...cursor }));
}

export const removeCursor = (file: string): void => rmSync(cursorPath(file), { force: true });

/** Throws a UserError where there is none that this program understands. */
export function readCursor(file: string): Cursor {
  const path = cursorPath(file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new UserError(`${path} is not there: the export is whole already, or none was begun as ${file}`);
    throw new UserError(`${path} cannot be read (${errorCode(error)}); check its owner and mode`);
  }
  const cursor = parse(text);
  if (cursor) return cursor;
  throw new UserError(`${path} is no cursor of this version: export again under another name`);
}

function parse(text: string): Cursor | undefined {
  try {
    const read = JSON.parse(text) as Cursor & { version?: unknown };
    const numbers = [read.bytes, read.checksum].every(Number.isSafeInteger);
    return read.version === VERSION && numbers && typeof read.plan?.what === 'string' ? read : undefined;
  } catch {
    return undefined;
  }
}
