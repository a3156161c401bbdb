import { processName } from '../../model/display.ts';
import type { Process } from '../../model/process.ts';

/** What is alike: the executable; of an interpreter also what it runs: `/usr/bin/node server.js` is no `/usr/bin/node build.js`. */
export function kindOf(process: Process): string {
  const path = process.executable ?? process.name;
  const name = processName(process);
  const space = name.indexOf(' ');
  return space > 0 && path.endsWith(`/${name.slice(0, space)}`) ? `${path}${name.slice(space)}` : path;
}
