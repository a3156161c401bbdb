// burn.mjs [WORKERS]: keeps one core busy, or that many with a worker process each. With workers it poses as a miner.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import './lifeline.mjs';

const workers = Number(process.argv[2] ?? 0);
if (workers > 0) {
  process.title = 'xmrig-like';
  const self = fileURLToPath(import.meta.url);
  for (let index = 0; index < workers; index++)
    spawn(process.execPath, [self], { stdio: ['pipe', 'ignore', 'inherit'] });
} else {
  process.title = 'burner';
  burn();
}

/** In slices, so that the end of the lifeline is heard. */
function burn() {
  const end = performance.now() + 50;
  let sum = 0;
  while (performance.now() < end) for (let step = 0; step < 1000; step++) sum += Math.sqrt(step + sum);
  setImmediate(burn);
}
