import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallHost } from '../../../test/support/small-host.ts';
import type { Process, ProcessScan, ProcessState } from '../../model/process.ts';
import { createFilesCollector } from '../files/linux.ts';
import { createProcessCountCollector } from './linux.ts';

const scan = (states: readonly ProcessState[], full = true): ProcessScan => ({
  at: 0,
  full,
  processes: states.map((state) => ({ state }) as Process),
  gone: [],
  unreadable: {},
});

test('processes and zombies are those of the last full scan, until it is too old', async () => {
  const collector = createProcessCountCollector();
  const counts = async (at: number): Promise<number[]> =>
    (await collector.collect(smallHost({}), at)).metrics.map((metric) => metric.value);
  assert.deepEqual(await counts(0), []);
  collector.observe?.(scan(['R', 'S', 'Z', 'Z', 'I']));
  assert.deepEqual(await counts(1000), [5, 2]);
  collector.observe?.(scan(['R'], false));
  assert.deepEqual(await counts(6000), [5, 2], 'a look at the busy ones counts nobody');
  assert.deepEqual(await counts(600_000), []);
});

test('open files of the machine, and of how many where there is a bound', async () => {
  for (const [most, share] of [
    ['43164', 0.25],
    ['9223372036854775807', undefined],
  ] as const) {
    const host = smallHost({ files: { '/proc/sys/fs/file-nr': `10791\t0\t${most}\n` } });
    const { metrics } = await createFilesCollector().collect(host, 0);
    assert.deepEqual(
      metrics.map((metric) => [metric.series.key, metric.value]),
      [
        ['system.linux.file_handles', 10791],
        ...(share === undefined ? [] : [['system.linux.file_handles.utilization', share]]),
      ],
    );
  }
});
