import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { smallHost } from '../../test/support/small-host.ts';
import { ManualClock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import type { Collector } from './collector.ts';
import { DENIED, type Host } from './host.ts';
import { recordHost, saveRecording } from './record.ts';
import { loadRecording, RecordedHost } from './recorded-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-record-'));
after(() => rmSync(folder, { recursive: true }));

const BYTES = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a]);
const machine = () =>
  smallHost(
    {
      files: {
        '/proc/stat': ['cpu 1', 'ctxt 2'],
        '/proc/7/cmdline': 'mysql\0-phunter2\0--host=db\0',
        '/proc/7/comm': { base64: BYTES.toString('base64') },
        '/proc/7/io': { error: 'DENIED' },
        '/proc/net/tcp': ['  sl', '   0: 0100A8C0:1F90 08080808:01BB 01 0:0'],
        '/proc/self/mountinfo': ['1 0 0:1 / /nas rw - cifs //me:hunter2@server/share rw,password=hunter2'],
      },
      folders: { '/proc': ['7'] },
      links: { '/proc/7/exe': '/usr/bin/mysql' },
      spaces: { '/nas': { hangs: true }, '/': { total: 9, free: 5, available: 4, files: 3, filesFree: 2 } },
    },
    { files: { '/proc/stat': ['cpu 5', 'ctxt 9'] } },
  );

const READS = [
  '/proc/stat',
  '/proc/7/cmdline',
  '/proc/7/comm',
  '/proc/7/io',
  '/proc/net/tcp',
  '/proc/self/mountinfo',
];
const reader: Collector = {
  name: 'reader',
  platforms: ['linux'],
  async collect(host: Host) {
    for (const path of READS) host.read(path);
    host.list('/proc');
    host.link('/proc/7/exe');
    host.space('/nas').catch(() => undefined);
    await host.space('/');
    return { metrics: [], blind: [] };
  },
};

async function record(hostName?: string) {
  const host = machine();
  const clock = new ManualClock(5000);
  return recordHost(host, {
    clock,
    collectors: [reader],
    ...(hostName === undefined ? {} : { hostName }),
    wait: async (ms) => {
      clock.advance(ms);
      if (ms === 1000) host.seek(1);
    },
  });
}

const text = (host: RecordedHost, path: string): string => host.buffer.toString('latin1', 0, host.read(path));

test('a recording replays every file that was read, as it was at each tick, byte by byte', async () => {
  for (const name of ['host.json', 'host.json.gz']) {
    const path = join(folder, name);
    saveRecording(path, await record());
    const host = new RecordedHost(loadRecording(path));
    assert.equal(host.ticks.length, 2);
    assert.equal(text(host, '/proc/stat'), 'cpu 1\nctxt 2\n');
    assert.equal(text(host, '/proc/7/comm'), BYTES.toString('latin1'));
    assert.equal(host.read('/proc/7/io'), DENIED);
    assert.deepEqual(host.list('/proc'), ['7']);
    assert.equal(host.link('/proc/7/exe'), '/usr/bin/mysql');
    assert.equal((await host.space('/')).available, 4);
    host.seek(1);
    assert.equal(text(host, '/proc/stat'), 'cpu 5\nctxt 9\n');
    assert.equal(
      text(host, '/proc/7/comm'),
      BYTES.toString('latin1'),
      'what did not change is not kept twice',
    );
  }
});

test('a file system that did not answer is recorded as one that hangs', async () => {
  const recording = await record();
  assert.deepEqual(recording.ticks[0]?.spaces['/nas'], { hangs: true });
});

test('no secret and no peer address gets into a recording', async () => {
  const recorded = JSON.stringify(await record());
  assert.ok(!recorded.includes('hunter2'));
  assert.ok(!recorded.includes('0100A8C0'));
  const host = new RecordedHost(await record());
  assert.equal(text(host, '/proc/7/cmdline'), 'mysql\0-p***\0--host=db\0');
  assert.match(text(host, '/proc/net/tcp'), /0: 00000000:1F90 00000000:01BB 01/);
});

test('names and addresses become pseudonyms on demand, the same one each time', async () => {
  const host = smallHost({
    files: {
      '/proc/stat': ['db.example 10.1.2.3 10.1.2.4', 'DB-1 10.1.2.3 127.0.0.1 aa:bb:cc:dd:ee:ff 8:16'],
    },
  });
  const recording = await recordHost(host, {
    clock: new ManualClock(),
    collectors: [reader],
    ticks: 1,
    hostName: 'db-1.example',
    wait: async () => undefined,
  });
  assert.deepEqual(recording.ticks[0]?.files['/proc/stat'], [
    'db.example 198.18.0.0 198.18.0.1',
    'host 198.18.0.0 127.0.0.1 02:00:00:00:00:00 8:16',
  ]);
});

test('a file that is no recording is refused with one line that names it', () => {
  for (const [name, content] of Object.entries({ a: 'not json', b: '{}', c: '[1]', d: 'null' })) {
    const path = join(folder, name);
    writeFileSync(path, content);
    assert.throws(() => loadRecording(path), UserError);
  }
  assert.throws(() => loadRecording(join(folder, 'none')), UserError);
});
