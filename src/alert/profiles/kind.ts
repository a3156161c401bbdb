import { processName } from '../../model/display.ts';
import type { Process } from '../../model/process.ts';

/**
 * What is alike: the executable; of an interpreter also what it runs: `/usr/bin/node server.js` is no `/usr/bin/node build.js`. Never the
 * name that a process gives itself: whoever renames itself would be a new kind each time, never known, and crowd out those that are.
 */
export function kindOf(process: Process): string {
  const path = process.executable ?? process.name;
  const name = processName(process);
  const space = name.indexOf(' ');
  return name === process.name || space < 0 ? path : path + name.slice(space);
}
