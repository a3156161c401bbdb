import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../lib/errors.ts';
import { managerFor } from './manager.ts';
import { perform } from './perform.ts';
import { serviceProgram } from './program.ts';
import type { ServiceKind, ServiceSpec } from './spec.ts';
import { describeStep } from './steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'homeostat-service-'));
after(() => rmSync(folder, { recursive: true }));

const spec = (kind: ServiceKind, args: readonly string[] = []): ServiceSpec => ({
  kind,
  args,
  program: ['/usr/bin/env', '/usr/lib/node_modules/homeostat/bin/homeostat.mjs'],
  version: '1.2.3',
});
const windowsSpec = (kind: ServiceKind, args: readonly string[] = []): ServiceSpec => ({
  ...spec(kind, args),
  program: ['C:\\Program Files\\nodejs\\node.exe', 'C:\\homeostat\\bin\\homeostat.mjs'],
});

const systemd = managerFor('linux');

test('a unit has the words of the command line as they are, whatever is in them', () => {
  const text = systemd.definition(spec('hub', ['--token', 'a b%c$d"e\\f', '--bus-host', '::']));
  assert.match(
    text,
    /^ExecStart=.* hub --data \/var\/lib\/homeostat --logs \/var\/log\/homeostat --config \S+ --token "a b%%c\$\$d\\"e\\\\f" --bus-host ::$/m,
  );
  assert.doesNotMatch(text, /^(Ambient|.*Bounding.*)=CAP/m);
});

test('a service that watches may look into processes, and into nothing else', () => {
  for (const kind of ['up', 'agent'] as const) {
    const text = systemd.definition(spec(kind));
    assert.match(text, /^CapabilityBoundingSet=CAP_SYS_PTRACE$/m);
    assert.match(text, /^AmbientCapabilities=CAP_SYS_PTRACE$/m);
    assert.match(text, /^SystemCallFilter=~@debug .*process_vm_readv/m);
    assert.match(text, /^ExecReload=.* config reload --data \/var\/lib\/homeostat$/m);
  }
});

test('an installation says what it does, and another one of it does the same', () => {
  const steps = systemd.install(spec('up'), 'reference', true);
  const said = steps.map(describeStep);
  assert.deepEqual(said, [
    'write   /etc/sysusers.d/homeostat.conf (0644)',
    'run     systemd-sysusers /etc/sysusers.d/homeostat.conf',
    'make    /etc/homeostat (0755)',
    'write   /etc/homeostat/homeostat.yaml (0640, group homeostat), unless it is there',
    'write   /etc/systemd/system/homeostat.service (0644)',
    'run     systemctl daemon-reload',
    'run     systemctl enable homeostat.service',
    'run     systemctl restart homeostat.service',
  ]);
  assert.equal(systemd.install(spec('up'), 'reference', false).length, steps.length - 1);
});

test('data stays unless it is to be purged, and the program stays while another service runs it', () => {
  const removed = (last: boolean, purge: boolean): string[] =>
    systemd.uninstall('up', last, purge).flatMap((step) => (step.kind === 'remove' ? [step.path] : []));
  const unit = '/etc/systemd/system/homeostat.service';
  assert.deepEqual(removed(false, false), [unit]);
  const program = ['/usr/local/lib/homeostat', '/usr/local/bin/homeostat'];
  assert.deepEqual(removed(true, false), [unit, ...program]);
  const all = [
    '/var/lib/homeostat',
    '/var/log/homeostat',
    '/etc/homeostat',
    '/etc/sysusers.d/homeostat.conf',
  ];
  assert.deepEqual(removed(true, true), [unit, ...program, ...all]);
});

test('macOS gets a property list that starts with the machine and again after a failure', () => {
  const text = managerFor('darwin').definition(spec('agent', ['--hub', 'a&b:1']));
  assert.match(text, /<key>Label<\/key>\s*<string>org\.homeostat\.homeostat<\/string>/);
  assert.match(
    text,
    /<string>agent<\/string>\s*<string>--data<\/string>\s*<string>\/Library\/Application Support\/homeostat</,
  );
  assert.match(text, /<string>a&amp;b:1<\/string>/);
  assert.match(text, /<key>KeepAlive<\/key>\s*<dict>\s*<key>SuccessfulExit<\/key>\s*<false\/>/);
  assert.match(text, /<key>UserName<\/key>\s*<string>_homeostat</);
  assertBalanced(text);
  const steps = managerFor('darwin').install(spec('up'), 'reference', true).map(describeStep);
  assert.match(
    steps.at(-1)!,
    /launchctl bootstrap system \/Library\/LaunchDaemons\/org\.homeostat\.homeostat\.plist/,
  );
});

test('Windows gets a task that starts with the machine as a service account', () => {
  const text = managerFor('win32').definition(windowsSpec('up', ['--token', 'a "b" c\\']));
  assert.match(text, /<BootTrigger \/>/);
  assert.match(text, /<UserId>S-1-5-19<\/UserId>/);
  assert.match(text, /<Command>&quot;C:\\Program Files\\nodejs\\node\.exe&quot;<\/Command>/);
  assert.match(text, /--token &quot;a \\&quot;b\\&quot; c\\\\&quot;<\/Arguments>/);
  assertBalanced(text);
  const steps = managerFor('win32').install(windowsSpec('up'), 'reference', true);
  assert.ok(steps.some((step) => step.kind === 'write' && step.utf16));
  assert.match(describeStep(steps.at(-1)!), /schtasks \/Run \/TN homeostat/);
});

test('a system without a service manager that is known says so', () => {
  assert.throws(() => managerFor('freebsd'), /no service manager known for freebsd/);
});

/** Every tag that opens closes, in order. */
function assertBalanced(xml: string): void {
  const open: string[] = [];
  for (const [, slash, name, empty] of xml.matchAll(/<(\/?)([A-Za-z]\w*)[^<>]*?(\/?)>/g)) {
    if (slash) assert.equal(open.pop(), name);
    else if (!empty) open.push(name!);
  }
  assert.deepEqual(open, []);
}

test('a program in a clone, or in a home, is copied with what it needs; elsewhere it is used where it is', () => {
  const root = join(folder, 'clone');
  for (const name of ['src', 'bin', 'node_modules/koffi', 'node_modules/@koromix'])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(join(root, 'node_modules/koffi/package.json'), '{"main":"index.js"}');
  writeFileSync(join(root, 'node_modules/koffi/index.js'), '');
  const { program, steps, why } = serviceProgram({
    node: '/usr/bin/node',
    root,
    copyTo: '/usr/local/lib/homeostat',
  });
  assert.deepEqual(program, ['/usr/local/lib/homeostat/node', '/usr/local/lib/homeostat/bin/homeostat.mjs']);
  assert.match(why!, /is a clone/);
  const copied = steps.flatMap((step) =>
    step.kind === 'copy' ? [step.to.replace('/usr/local/lib/homeostat/', '')] : [],
  );
  assert.deepEqual(copied, [
    'bin',
    'dist',
    'docs',
    'package.json',
    'node_modules/koffi',
    'node_modules/@koromix',
    'node',
  ]);

  rmSync(join(root, 'src'), { recursive: true });
  const own = serviceProgram({ node: '/usr/bin/env', root, copyTo: '/opt/x' });
  assert.match(own.why!, /place of a user's own/);
  const nvm = serviceProgram({ node: '/home/me/.nvm/node', root, copyTo: '/opt/x' });
  assert.match(nvm.why!, /^\/home\/me\/\.nvm\/node is in a place of a user's own/);
});

test('steps are done with the modes that they say, and again; one that fails names itself', () => {
  const path = join(folder, 'a', 'b.conf');
  perform({ kind: 'write', path, text: 'one', mode: 0o640, keep: true });
  perform({ kind: 'write', path, text: 'two', mode: 0o640, keep: true });
  assert.equal(statSync(path).size, 3);
  assert.equal(statSync(path).mode & 0o777, 0o640);
  perform({ kind: 'copy', from: join(folder, 'a'), to: join(folder, 'c', 'a') });
  assert.equal(statSync(join(folder, 'c', 'a', 'b.conf')).size, 3);
  perform({ kind: 'remove', path, written: 'what others wrote' });
  assert.equal(statSync(path).size, 3);
  perform({ kind: 'remove', path: join(folder, 'a') });
  perform({ kind: 'remove', path: join(folder, 'a') });
  perform({ kind: 'run', command: ['false'], mayFail: true });
  const fails = (step: Parameters<typeof perform>[0], what: RegExp): void =>
    assert.throws(
      () => perform(step),
      (error) => error instanceof UserError && what.test(error.message),
    );
  fails({ kind: 'run', command: ['sh', '-c', 'echo why; echo more >&2; exit 3'] }, /failed \(3\): why; more/);
  fails({ kind: 'run', command: ['/nosuch/program'] }, /failed \(not started\): .*ENOENT/);
  fails({ kind: 'copy', from: join(folder, 'nosuch'), to: join(folder, 'd') }, /^copy .*nosuch.*ENOENT/);
});
