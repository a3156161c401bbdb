// pipe-reader.mjs FIFO: reads what is there each 50 ms; at SIGUSR2 it stops to read, and lives on.
import { constants, openSync, readSync } from 'node:fs';
import './lifeline.mjs';

process.title = 'pipe-reader';
const pipe = openSync(process.argv[2], constants.O_RDONLY | constants.O_NONBLOCK);
const buffer = Buffer.alloc(65536);
let reads = true;
process.on('SIGUSR2', () => {
  reads = false;
});
setInterval(() => {
  if (!reads) return process.cpuUsage();
  try {
    readSync(pipe, buffer);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
}, 50);
