import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The program of a worker thread: the bundle `name.js`, beside the module at `base` or beside the folder of chunks that it was
 * bundled into; else the source `name.ts` beside it. Throws where there is none.
 */
export function workerFile(name: string, base: string): URL {
  const files = [`./${name}.js`, `../${name}.js`, `./${name}.ts`].map((place) => new URL(place, base));
  const found = files.find((file) => existsSync(fileURLToPath(file)));
  if (!found) throw new Error(`${name}.js is missing beside ${fileURLToPath(base)}: install Homeostat anew`);
  return found;
}
