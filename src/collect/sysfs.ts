import { readInt } from './bytes.ts';
import type { Host } from './host.ts';

/** Names in a folder that may not be there: none then. */
export function namesIn(host: Host, folder: string): readonly string[] {
  const names = host.list(folder);
  return typeof names === 'number' ? [] : names;
}

/** The one word or line of an attribute's file; undefined where it is missing, empty or cannot be read. */
export function attributeText(host: Host, path: string): string | undefined {
  const length = host.read(path);
  return length > 0 ? host.buffer.toString('utf8', 0, length).trim() : undefined;
}

/** The number of an attribute's file; NaN where there is none. */
export function attributeNumber(host: Host, path: string): number {
  return host.read(path) > 0 ? readInt(host.buffer, 0) : Number.NaN;
}
