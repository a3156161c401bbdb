import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import type { Host, Space } from '../host.ts';
import { createFilesystemCollector } from './linux.ts';

const mountinfo = (...lines: readonly string[]) => ({ '/proc/self/mountinfo': lines });
const ROOT = '1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw';
const NFS = '2 1 0:50 / /mnt/nas rw - nfs4 nas:/x rw';
const space = (total: number, free: number, available = free): Space => ({
  total,
  free,
  available,
  files: 100,
  filesFree: 75,
});
const use = (mount: string): string => `system.filesystem.utilization{system.filesystem.mountpoint=${mount}}`;

test('space by state and the fullest file system, a tick after the first', async () => {
  const host = smallHost(
    {
      files: mountinfo(
        ROOT,
        '2 1 8:2 / /data rw - xfs /dev/sda2 rw',
        '3 1 8:3 / /full ro - ext4 /dev/sda3 ro',
      ),
      spaces: { '/': space(1000, 600, 500), '/data': space(1000, 100), '/full': space(1000, 0) },
    },
    {},
  );
  const [first, second] = await collectAll(createFilesystemCollector(), host);
  assert.deepEqual(first?.metrics, {});
  assert.equal(second?.metrics[use('/')], Number((400 / 900).toPrecision(12)), 'as df has it');
  assert.equal(second?.metrics['system.filesystem.inode.utilization{system.filesystem.mountpoint=/}'], 0.25);
  assert.equal(
    second?.metrics[
      'system.filesystem.utilization{system.filesystem.mode=ro,system.filesystem.mountpoint=/full}'
    ],
    1,
    'what cannot fill says so',
  );
  assert.equal(second?.metrics['system.filesystem.utilization'], 0.9, 'what is read-only cannot fill');
});

test('each file system once, under the name of its root; views, images and layers not at all', async () => {
  const host = smallHost(
    {
      files: mountinfo(
        '9 1 8:1 /var/lib /v rw - ext4 /dev/sda1 rw',
        ROOT,
        '3 1 8:1 / /mnt/again\\040here rw - ext4 /dev/sda1 rw',
        '4 1 0:5 / /proc rw - proc proc rw',
        '5 1 0:6 / /run rw - tmpfs tmpfs rw',
        '6 1 7:0 / /snap/x ro - squashfs /dev/loop0 ro',
        '7 1 0:9 / /var/lib/docker/overlay2/a/merged rw - overlay overlay rw',
        '8 1 0:10 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw',
      ),
      spaces: Object.fromEntries(['/', '/run', '/snap/x'].map((path) => [path, space(10, 5)])),
    },
    {},
  );
  const second = (await collectAll(createFilesystemCollector(), host))[1];
  const mounts = Object.keys(second?.metrics ?? {}).filter((key) =>
    key.startsWith('system.filesystem.utilization{'),
  );
  assert.deepEqual(mounts, [use('/')]);
});

test('a dead mount is named, holds up nobody, and is not asked again', async () => {
  const local = smallHost({
    files: mountinfo(ROOT, NFS),
    spaces: { '/': space(1000, 600), '/mnt/nas': { hangs: true } },
  });
  const asked: string[] = [];
  const host: Host = {
    platform: 'linux',
    get buffer() {
      return local.buffer;
    },
    read: (path) => local.read(path),
    list: (path) => local.list(path),
    link: (path) => local.link(path),
    space: (path) => {
      asked.push(path);
      return local.space(path);
    },
  };
  const collector = createFilesystemCollector();
  for (let second = 0; second < 20; second++) {
    const { metrics, blind } = await collector.collect(host, second * 1000);
    await new Promise((resolve) => setImmediate(resolve));
    if (second > 0) assert.ok(metrics.some((metric) => metric.series.key === use('/')));
    const named = blind.map((spot) => spot.what);
    assert.deepEqual(named, second >= 3 ? ['file system /mnt/nas'] : []);
  }
  assert.equal(asked.filter((path) => path === '/mnt/nas').length, 1);
  assert.equal(asked.filter((path) => path === '/').length, 4);
});

test('two dead mounts blind the other remote ones, and that is said; local ones go on', async () => {
  const remote = (number: number): string =>
    `${number} 1 0:5${number} / /mnt/${number} rw - nfs4 nas:/${number} rw`;
  const host = smallHost(
    {
      files: mountinfo(ROOT, remote(2), remote(3), remote(4)),
      spaces: {
        '/': space(10, 5),
        '/mnt/2': { hangs: true },
        '/mnt/3': { hangs: true },
        '/mnt/4': space(10, 1),
      },
    },
    { monotonic: 5000 },
  );
  const second = (await collectAll(createFilesystemCollector(), host))[1];
  assert.deepEqual(
    second?.blind.map((spot) => `${spot.what}: ${spot.why}`),
    [
      'file system /mnt/2: it does not answer',
      'file system /mnt/3: it does not answer',
      'file system /mnt/4: it is not asked while others of its kind do not answer',
    ],
  );
  assert.equal(second?.metrics['system.filesystem.utilization'], 0.5);
});

test('a mount that fails is named; one that is unmounted is forgotten', async () => {
  const host = smallHost(
    { files: mountinfo(ROOT, NFS), spaces: { '/': space(10, 5), '/mnt/nas': { error: 'UNREADABLE' } } },
    {},
    { files: mountinfo(ROOT), monotonic: 8000 },
  );
  const [, second, third] = await collectAll(createFilesystemCollector(), host);
  assert.equal(second?.blind[0]?.what, 'file system /mnt/nas');
  assert.deepEqual(third?.blind, []);
});
