import { readFileSync } from 'node:fs';

/** The version of this program: put in when it is bundled, read from package.json when run from its sources. */
export function version(): string {
  const bundled = process.env.HOMEOSTAT_VERSION;
  if (bundled !== undefined) return bundled;
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
