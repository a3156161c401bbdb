// Appends records to a log, some at a time, and says on standard output what became of each commit: `kept FROM TO` or `failed`.
import { writeSync } from 'node:fs';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { Log } from '../../../src/wal/log.ts';

const [path, commits] = [process.argv[2]!, Number(process.argv[3])];
const RECORDS = 5;

const log = new Log({ path, clock });
for (let commit = 0; commit < commits; commit++) {
  const from = commit * RECORDS;
  const records = Array.from({ length: RECORDS }, (_, index) => ({
    ...{ key: `event-${from + index}`, timestampNs: 1n, kind: 'test', source: 'test' },
    bytes: Buffer.alloc(600, `${from + index} `),
  }));
  try {
    await log.appendAll(records);
    writeSync(1, `kept ${from} ${from + RECORDS}\n`);
  } catch {
    writeSync(1, 'failed\n');
  }
}
// No clean end: the disk is looked at as a power loss leaves it.
process.kill(process.pid, 'SIGKILL');
