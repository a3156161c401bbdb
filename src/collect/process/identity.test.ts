import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcHost } from '../../../test/support/proc-host.ts';
import { DENIED, MISSING } from '../host.ts';
import {
  type Io,
  readCgroup,
  readCommandLine,
  readExecutable,
  readIo,
  readStatus,
  type Status,
} from './identity.ts';

const PATH = '/proc/7/cmdline';

function commandLine(content: string | Buffer, executable?: string): readonly (string | undefined)[] {
  const host = new ProcHost();
  host.write(PATH, content);
  const { invokedAs, args } = readCommandLine(host, PATH, executable, undefined)!;
  return [invokedAs, ...args];
}

const commandLines: readonly (readonly [
  what: string,
  content: string | Buffer,
  executable: string | undefined,
  expected: readonly (string | undefined)[],
])[] = [
  ['arguments end with zero bytes', 'ls\0-l\0a b\0', '/bin/ls', ['ls', '-l', 'a b']],
  ['an empty argument in the middle is one', 'sh\0-c\0\0x\0', '/bin/sh', ['sh', '-c', '', 'x']],
  ['secrets are hidden', 'db\0--password\0hunter2\0', '/bin/db', ['db', '--password', '***']],
  ['nothing at all', '', '/bin/x', [undefined]],
  ['nothing but zero bytes', '\0\0\0', '/bin/x', [undefined]],
  [
    'a title with spaces stays whole',
    'nginx: worker process\0\0\0\0',
    '/usr/sbin/nginx',
    ['nginx: worker process'],
  ],
  ['a secret in a title is hidden', 'app --password=hunter2\0', '/bin/node', ['app --password=***']],
  [
    'a command line that was joined is split',
    '/opt/chromium --type=renderer  --lang=de',
    '/opt/chromium',
    ['/opt/chromium', '--type=renderer', '--lang=de'],
  ],
  ['invalid UTF-8', Buffer.from([0x61, 0xff, 0x62, 0]), undefined, ['a\ufffdb']],
];

for (const [what, content, executable, expected] of commandLines) {
  test(`command line: ${what}`, () => assert.deepEqual(commandLine(content, executable), expected));
}

test('a command line of a megabyte is cut and says so', () => {
  const [, argument] = commandLine(`sh\0${'x'.repeat(1 << 20)}\0`);
  assert.equal(argument?.length, 4096 - 3 + 1);
  assert.ok(argument?.endsWith('…'));
});

test('a command line that did not change is not parsed again; one that did is', () => {
  const host = new ProcHost();
  host.write(PATH, 'a\0b\0');
  const before = readCommandLine(host, PATH, undefined, undefined);
  assert.equal(readCommandLine(host, PATH, undefined, before), before);
  host.write(PATH, 'a\0c\0');
  assert.deepEqual(readCommandLine(host, PATH, undefined, before)?.args, ['c']);
});

test('an executable that was deleted keeps its path; a refusal is told from absence', () => {
  const host = new ProcHost();
  host.links.set('/exe', '/usr/bin/agent (deleted)');
  assert.deepEqual(readExecutable(host, '/exe'), { path: '/usr/bin/agent', deleted: true, denied: false });
  host.links.set('/exe', DENIED);
  assert.deepEqual(readExecutable(host, '/exe'), { path: undefined, deleted: false, denied: true });
  host.links.set('/exe', MISSING);
  assert.deepEqual(readExecutable(host, '/exe'), { path: undefined, deleted: false, denied: false });
});

const ID = '3f4a9c0d1e2b5a6978877665544332211000ffeeddccbbaa9988776655443322';
const cgroups: readonly (readonly [what: string, text: string, path: string | undefined, id?: string])[] = [
  ['version 2', '0::/system.slice/ssh.service\n', '/system.slice/ssh.service'],
  ['version 2, the root', '0::/\n', '/'],
  ['a path with colons', `0::/a.slice/b:cri-containerd:${ID}\n`, `/a.slice/b:cri-containerd:${ID}`, ID],
  ['mixed, version 2 says nothing', '4:memory:/jobs/7\n1:cpu:/\n0::/\n', '/jobs/7'],
  ['version 1, a container', `4:memory:/docker/${ID}\n1:name=systemd:/init.scope\n`, `/docker/${ID}`, ID],
];

for (const [what, text, path, id] of cgroups) {
  test(`control group: ${what}`, () => {
    const host = new ProcHost();
    host.write('/cgroup', text);
    const cgroup = readCgroup(host, '/cgroup', undefined);
    assert.deepEqual([cgroup?.path, cgroup?.containerId], [path, id]);
    assert.equal(readCgroup(host, '/cgroup', cgroup), cgroup);
  });
}

test('status: the effective owner, switches of both kinds; a name cannot fake a line', () => {
  const host = new ProcHost();
  host.write(
    '/status',
    'Name:\tx\\nUid:\\t0\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t6\t7\t8\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n',
  );
  const status: Status = { uid: 0, gid: 0, contextSwitches: 0 };
  assert.ok(readStatus(host, '/status', status) > 0);
  assert.deepEqual(status, { uid: 1001, gid: 6, contextSwitches: 42 });
  host.write('/status', 'Name:\tx\n');
  readStatus(host, '/status', status);
  assert.deepEqual(status, { uid: undefined, gid: undefined, contextSwitches: undefined });
});

test('io: what is no counter is not a value', () => {
  const host = new ProcHost();
  const io: Io = { readBytes: undefined, writeBytes: undefined, calls: undefined };
  host.write(
    '/io',
    'rchar: 9\nwchar: 9\nsyscr: 20\nsyscw: 3\nread_bytes: 4096\nwrite_bytes: 18446744073709551615\ncancelled_write_bytes: 0\n',
  );
  readIo(host, '/io', io);
  assert.deepEqual(io, { calls: 23, readBytes: 4096, writeBytes: undefined });
  host.write('/io', 'rchar: 9\n');
  readIo(host, '/io', io);
  assert.deepEqual(io, { calls: undefined, readBytes: undefined, writeBytes: undefined });
});
