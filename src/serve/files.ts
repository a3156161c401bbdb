import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { errorMessage, UserError } from '../lib/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

export interface StaticFile {
  readonly type: string;
  /** Changes with the content. */
  readonly etag: string;
  read(): Buffer;
}

/**
 * The dashboard's files by path (`/`, `/app.js`). Listed once: a path that is not in the map is not served, so there is
 * no path to climb out of. Contents stay on disk: they are asked for once a visit and would cost memory all day.
 */
export function staticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  try {
    for (const name of readdirSync(folder)) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const path = join(folder, name);
      const etag = `"${createHash('sha256').update(readFileSync(path)).digest('base64url').slice(0, 22)}"`;
      files.set(name === 'index.html' ? '/' : `/${name}`, { type, etag, read: () => readFileSync(path) });
    }
  } catch (error) {
    throw new UserError(
      `the dashboard's folder ${folder} cannot be read (${errorMessage(error)}): build it with 'node bin/build.mjs web', or reinstall`,
      1,
    );
  }
  if (!files.has('/')) {
    throw new UserError(
      `the dashboard's folder ${folder} has no index.html: build it with 'node bin/build.mjs web', or reinstall`,
      1,
    );
  }
  return files;
}
