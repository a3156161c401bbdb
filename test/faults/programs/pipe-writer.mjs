// pipe-writer.mjs FIFO: a service that writes a few lines each 100 ms to a pipe, as to its logger. It waits where the pipe is full.
import { openSync, writeSync } from 'node:fs';
import './lifeline.mjs';

process.title = 'pipe-writer';
const pipe = openSync(process.argv[2], 'w');
const line = Buffer.alloc(2048, 'x');
setInterval(() => writeSync(pipe, line), 100);
