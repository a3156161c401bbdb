import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';

test('every mistake of file and environment is named at once, and nothing starts', async (t) => {
  const folder = ownFolder(t);
  const file = join(folder, 'wrong.yaml');
  writeFileSync(file, 'lern:\n  seed: 1\nserve:\n  port: 99999\n  token: hunter2\nlog:\n  level: loud\n');
  const env = { HOMEOSTAT_STORE__CAPP: '1GiB', HOMEOSTAT_PORT: 'tcp://10.0.0.1:80' };
  for (const args of [
    ['config', 'check', file],
    ['up', '--data', 'data', '--port', '0', '--config', file],
  ]) {
    const { code, stdout, stderr } = await homeostat(folder, args, env);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /wrong\.yaml:1: lern: is not a setting; .*; did you mean learn\?\n/);
    if (args[0] === 'config') assert.match(stderr, /wrong\.yaml:4: serve\.port: 99999 is not allowed/);
    assert.match(stderr, /wrong\.yaml:5: serve\.token: what was given is not long enough/);
    assert.match(stderr, /wrong\.yaml:7: log\.level: "loud" is not one of debug, info, warn, error\n/);
    assert.match(stderr, /HOMEOSTAT_STORE__CAPP: is not a setting; .*did you mean HOMEOSTAT_STORE__CAP\?\n/);
    assert.doesNotMatch(stderr, /hunter2|HOMEOSTAT_PORT/);
  }
});

test('what holds is shown with where it is written, and no secret', async (t) => {
  const folder = ownFolder(t);
  const file = join(folder, 'a.yaml');
  const secret = '0123456789abcdef';
  writeFileSync(join(folder, 'token'), `${secret}\n`);
  writeFileSync(file, 'serve:\n  port: 8080\n  token_file: token\nalarms:\n  per_week: 3\n');
  const { code, stdout } = await homeostat(folder, ['config', 'show', file, '--changed'], {
    HOMEOSTAT_ALARMS_PER_WEEK: '1',
    HOMEOSTAT_LEARN__DETECTORS: 'lstm,baselines',
  });
  assert.equal(code, 0);
  assert.deepEqual(stdout.replaceAll(folder, '').replaceAll(/ +#/g, ' #').trimEnd().split('\n'), [
    'learn:',
    '  detectors: [ lstm, baselines ] # HOMEOSTAT_LEARN__DETECTORS',
    'alarms:',
    '  per_week: 1 # HOMEOSTAT_ALARMS_PER_WEEK',
    'serve:',
    '  port: 8080 # /a.yaml:2',
    '  token: (secret) # /token, named by /a.yaml:3',
  ]);
  const defaults = await homeostat(folder, ['config', 'show', file, '--defaults', '--json']);
  const rows = JSON.parse(defaults.stdout) as { setting: string; value: unknown; source: string }[];
  assert.ok(rows.every(({ source }) => source === 'default' || source === 'left out'));
  assert.equal(rows.find(({ setting }) => setting === 'serve.port')?.value, 4663);
});

test('a file is written once, for its owner alone, and is right as it is', async (t) => {
  const folder = ownFolder(t);
  const { code } = await homeostat(folder, ['config', 'init', 'conf/homeostat.yaml']);
  assert.equal(code, 0);
  const file = join(folder, 'conf', 'homeostat.yaml');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const before = readFileSync(file, 'utf8');
  const again = await homeostat(folder, ['config', 'init', file]);
  assert.deepEqual([again.code, readFileSync(file, 'utf8')], [2, before]);
  assert.match(again.stderr, /exists and is left alone/);
  const checked = await homeostat(folder, ['config', 'check', file]);
  assert.deepEqual([checked.code, checked.stdout], [0, `${file}: the defaults hold, no mistake\n`]);
});

test('a running Homeostat takes over what it can, names what needs a restart, and keeps what held at a mistake', async (t) => {
  const folder = ownFolder(t);
  const file = join(folder, 'a.yaml');
  const write = (perWeek: number, rest = ''): void =>
    writeFileSync(file, `alarms:\n  per_week: ${perWeek}\n${rest}`);
  write(7);
  const daemon = await Daemon.start(t, folder, { args: ['--config', file] });
  const reload = () => homeostat(folder, ['config', 'reload', '--data', daemon.folder]);
  const wished = async () => (await daemon.status()).alarms.wishedPerWeek;
  assert.deepEqual([(await reload()).stdout, await wished()], ['Nothing changed\n', 7]);

  write(1, 'log:\n  level: debug\nstore:\n  cap: 2GiB\n');
  const { stdout } = await reload();
  assert.match(stdout, /^Holds now +alarms\.per_week, log\.level\nNeeds a restart +store\.cap\n$/);
  assert.equal(await wished(), 1);

  const mail = 'notify:\n  channels:\n    hook:\n      type: webhook\n      url: http://127.0.0.1:9/\n';
  write(1, `log:\n  level: debug\n  folder: elsewhere\nincidents:\n  close_after: 1m\n${mail}`);
  const more = await reload();
  assert.match(
    more.stdout,
    /^Holds now +incidents\.close_after, notify\.channels\nNeeds a restart +log\.folder\n$/,
  );

  write(2, 'log:\n  level: loud\n');
  const refused = await reload();
  assert.deepEqual([refused.code, refused.stdout, await wished()], [2, '', 1]);
  assert.match(
    refused.stderr,
    /a\.yaml:4: log\.level: "loud" is not one of .*\n.*what held before goes on\n$/,
  );
  assert.match(daemon.log(), /the configuration is not taken over: .*a\.yaml:4: log\.level/);
  assert.equal((await daemon.end()).code, 0);
});

test('a Homeostat whose terminal is closed ends, one without a terminal reloads', async (t) => {
  const folder = ownFolder(t);
  const homeostat = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));
  // A terminal of its own, closed as soon as the daemon has said where it serves; what became of it is told after.
  const script = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b''
while b'Ctrl-C' not in said:
    said += os.read(terminal, 4096)
os.kill(pid, 1)
time.sleep(1)
print('still there' if os.waitpid(pid, os.WNOHANG) == (0, 0) else 'gone', flush=True)
os.close(terminal)
print('ended with', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
`;
  const up = [process.execPath, homeostat, 'up', '--data', join(folder, 'data'), '--port', '0'];
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, ...up], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env.PATH, HOME: join(folder, 'home') },
  });
  assert.equal(stdout, 'still there\nended with 0\n', stderr);
  assert.match(readFileSync(join(folder, 'data', 'daemon.log'), 'utf8'), /stops: SIGHUP/);
});
