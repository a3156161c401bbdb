import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `dist/web`: beside the bundle, or beside the folder of chunks that this code was bundled into. */
export function webFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, 'web'), join(here, '..', 'web'), join(here, '..', '..', 'dist', 'web')];
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0]!;
}
