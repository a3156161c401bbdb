// leak.mjs MEGABYTES_A_MINUTE MOST_MEGABYTES: takes memory and touches it, a little four times a second, and gives none back.
import './lifeline.mjs';

process.title = 'leaker';
const step = Math.round((Number(process.argv[2]) * 1e6) / 240);
const most = Number(process.argv[3]) * 1e6;
const kept = [];
setInterval(() => {
  if (kept.length * step < most) kept.push(Buffer.alloc(step, 1));
}, 250);
