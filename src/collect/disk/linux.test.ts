import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createDiskCollector } from './linux.ts';

/** A row of /proc/diskstats: reads, sectors read, ms reading, writes, sectors written, ms writing, ms busy. */
function row(name: string, ...numbers: readonly number[]): string {
  const [reads = 0, readSectors = 0, readMs = 0, writes = 0, writeSectors = 0, writeMs = 0, busy = 0] =
    numbers;
  return ` 8 0 ${name} ${reads} 0 ${readSectors} ${readMs} ${writes} 0 ${writeSectors} ${writeMs} 0 ${busy} 0`;
}
const diskstats = (...rows: readonly string[]) => ({ '/proc/diskstats': rows });
const reads = (disk?: string): string =>
  `system.disk.operations{disk.io.direction=read${disk ? `,system.device=${disk}` : ''}}`;

test('bytes, operations, busy time and the mean time of an operation', async () => {
  const host = smallHost(
    { files: diskstats(row('sda')), folders: { '/sys/block': ['sda'] } },
    { files: diskstats(row('sda', 10, 80, 5, 30, 240, 75, 250)) },
  );
  const second = (await collectAll(createDiskCollector(), host))[1];
  assert.equal(second?.metrics['system.disk.io{disk.io.direction=read}'], 80 * 512);
  assert.equal(second?.metrics['system.disk.io{disk.io.direction=write,system.device=sda}'], 240 * 512);
  assert.equal(second?.metrics['system.disk.io_time'], 0.25);
  assert.equal(second?.metrics['system.disk.await'], 0.002);
});

test('the sum counts each operation once: no partitions, nothing that stands on other disks or on files', async () => {
  const names = ['sda', 'sda1', 'dm-0', 'md0', 'loop0', 'zram0', 'nvme0c0n1', 'nvme0n1', 'cciss/c0d0'];
  const host = smallHost(
    {
      files: {
        ...diskstats(...names.map((name) => row(name))),
        '/sys/block/nvme0c0n1/hidden': '1\n',
        '/sys/block/nvme0n1/hidden': '0\n',
      },
      folders: {
        '/sys/block': ['sda', 'dm-0', 'md0', 'loop0', 'zram0', 'nvme0c0n1', 'nvme0n1', 'cciss!c0d0'],
        '/sys/block/dm-0/slaves': ['sda1'],
        '/sys/block/md0/slaves': ['sda1'],
        '/sys/block/sda/slaves': [],
      },
    },
    { files: diskstats(...names.map((name, index) => row(name, 10 ** index))) },
  );
  const second = (await collectAll(createDiskCollector(), host))[1];
  assert.equal(second?.metrics[reads()], 1 + 10 ** 7 + 10 ** 8);
  assert.equal(second?.metrics[reads('dm-0')], 100);
  assert.equal(second?.metrics[reads('sda1')], undefined);
  assert.equal(second?.metrics[reads('loop0')], undefined);
});

test('a disk that is plugged in adds nothing at first, and takes nothing away when it goes', async () => {
  const host = smallHost(
    { files: diskstats(row('sda', 10)), folders: { '/sys/block': ['sda'] } },
    { files: diskstats(row('sda', 20), row('sdb', 9999)), folders: { '/sys/block': ['sda', 'sdb'] } },
    { files: diskstats(row('sda', 30), row('sdb', 10_000)) },
    { files: diskstats(row('sda', 40)), folders: { '/sys/block': ['sda'] } },
  );
  const sums = (await collectAll(createDiskCollector(), host)).map((tick) => tick.metrics[reads()]);
  assert.deepEqual(sums, [undefined, 10, 11, 10]);
});

test('an interval without operations has no mean time', async () => {
  const host = smallHost(
    { files: diskstats(row('sda', 5)), folders: { '/sys/block': ['sda'] } },
    { files: diskstats(row('sda', 5)) },
  );
  const second = (await collectAll(createDiskCollector(), host))[1];
  assert.equal(second?.metrics['system.disk.await'], undefined);
  assert.equal(second?.metrics[reads()], 0);
});

test('without /sys nobody can tell a disk from its partition: that is a blind spot, not a wrong sum', async () => {
  const host = smallHost({ files: diskstats(row('sda')) }, { files: diskstats(row('sda', 10)) });
  const second = (await collectAll(createDiskCollector(), host))[1];
  assert.deepEqual(second?.metrics, {});
  assert.match(second?.blind[0]?.what ?? '', /\/sys\/block/);
});
