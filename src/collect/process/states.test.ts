import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcHost } from '../../../test/support/proc-host.ts';
import { createProcessScanner } from './linux.ts';
import { countStates } from './states.ts';

test('processes are counted by the state of their main thread, threads in sum', () => {
  const host = new ProcHost();
  for (const [index, state] of ['R', 'S', 'I', 'D', 'Z', 'T', 't', 'P'].entries()) {
    host.put({ pid: index + 1, state, threads: 2 });
  }
  const scan = createProcessScanner(host).scan({ wall: 0, monotonic: 0 }, true);
  assert.deepEqual(countStates(scan.processes), {
    processes: 8,
    threads: 16,
    byState: { running: 1, sleeping: 2, blocked: 1, stopped: 2, defunct: 1 },
  });
});
