import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * The path of a labelled data set beside the project (`detection`, `forest`), which is too large to live in it, or
 * undefined where it is not there: then `t` says in one line what was left out. On CI it must be there.
 */
export function sharedData(name: string, t: TestContext): string | undefined {
  const path = join(FOLDER, name);
  if (existsSync(path)) return path;
  const line = `left out: ${t.name}: there is no ${path}`;
  if (process.env.CI) throw new Error(line);
  t.diagnostic(line);
  return undefined;
}

/** Little-endian float32 out of a gzipped file. */
export function readFloats(path: string): Float32Array {
  const bytes = gunzipSync(readFileSync(path));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Bytes out of a gzipped file. */
export const readBytes = (path: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(path)));

/** `meta.json` of a data set. The caller says what its rows look like. */
export function readMeta<Row>(folder: string): readonly Row[] {
  return JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as Row[];
}
