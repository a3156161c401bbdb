// forks.mjs RATE: starts that many children a second, each of which ends at once. At most 64 at a time.
import { spawn } from 'node:child_process';
import './lifeline.mjs';

process.title = 'forker';
const rate = Number(process.argv[2]);
let due = 0;
let running = 0;
let before = performance.now();
setInterval(() => {
  const now = performance.now();
  due = Math.min(due + ((now - before) / 1000) * rate, rate / 4);
  before = now;
  for (; due >= 1 && running < 64; due--) {
    running++;
    spawn('/bin/true', { stdio: 'ignore' })
      .on('exit', () => running--)
      .on('error', () => running--);
  }
}, 10);
