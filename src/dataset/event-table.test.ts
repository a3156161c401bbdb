import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEvent } from '../../test/support/process-events.ts';
import type { Payload } from '../model/process-event.ts';
import { EVENT_COLUMNS, eventRow, type LoggedEvent } from './event-table.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

function row(payload: Payload, changes: Partial<LoggedEvent> = {}): Record<string, unknown> {
  const event = {
    ...{ id: 7, host: 'mac', key: 'k', timestampNs: BigInt(NOON) * 1_000_000n + 42n },
    ...{ receivedAt: NOON + 5, bytes: 151, payload },
    ...changes,
  };
  const cells = eventRow(event);
  return Object.fromEntries(EVENT_COLUMNS.map(({ name }, index) => [name, cells[index]]));
}

test('a process has a cell in each column that its sender filled, and no zero where it gave nothing', () => {
  const process = processEvent({ executable: '/bin/zsh', args: ['zsh', '-l'], osType: 'darwin' });
  const cells = row({ kind: 'process', process });
  assert.equal(cells.time_unix_nano, BigInt(NOON) * 1_000_000n + 42n);
  assert.equal(cells['process.command_args'], '["zsh","-l"]');
  assert.equal(cells['process.class'], 'system');
  assert.deepEqual([cells['process.state'], cells['process.thread.count']], [undefined, undefined]);
});

test('resources are shares, not per cent', () => {
  const process = processEvent({ numThreads: 3, cpuPercent: 150, memoryPercent: 2, rssBytes: 10 });
  const cells = row({ kind: 'process', process });
  assert.deepEqual(
    [cells['process.cpu.utilization'], cells['process.memory.utilization'], cells['process.memory.usage']],
    [1.5, 0.02, 10],
  );
});

test('what is no process keeps its name and its time; a time that is none is not made up', () => {
  const cells = row({ kind: 'flow' }, { timestampNs: 0n });
  assert.deepEqual([cells['event.name'], cells['process.pid']], ['flow', undefined]);
  assert.deepEqual([cells.time, cells.time_unix_nano], [undefined, undefined]);
  const late = row({ kind: 'flow' }, { timestampNs: 2n ** 64n - 1n });
  assert.equal(late.time_unix_nano, 2n ** 64n - 1n);
});
