// fill.mjs FILE MEGABYTES_A_SECOND MOST_MEGABYTES: writes a file that grows steadily, to the disk and not to a cache.
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import './lifeline.mjs';

process.title = 'filler';
const [path, rate, most] = process.argv.slice(2);
const file = openSync(path, 'w');
const chunk = Buffer.alloc(Math.round((Number(rate) * 1e6) / 10), 'f');
let written = 0;
setInterval(() => {
  if (written >= Number(most) * 1e6) return;
  try {
    written += writeSync(file, chunk);
    fdatasyncSync(file);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
    written = Number.POSITIVE_INFINITY;
  }
}, 100);
