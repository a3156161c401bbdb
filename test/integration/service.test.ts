import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Status } from '../../src/model/status.ts';
import { managerFor } from '../../src/service/manager.ts';
import { ownFolder } from '../support/daemon.ts';
import { SystemdMachine } from '../support/systemd.ts';

test('systemd takes each unit without a complaint, and rates its exposure at 2.0 at most', (t) => {
  const folder = ownFolder(t);
  const analyze = (...args: readonly string[]) => {
    const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    assert.equal(error, undefined, 'systemd-analyze is needed: apt-get install systemd');
    return { status, said: stdout + stderr };
  };
  for (const kind of ['up', 'agent', 'hub'] as const) {
    const file = join(folder, `homeostat-${kind}.service`);
    // A program that is there: a missing one is all that would be complained of.
    const program = ['/usr/bin/env', '/usr/lib/node_modules/homeostat/bin/homeostat.mjs'];
    writeFileSync(file, managerFor('linux').definition({ kind, program, args: [], version: '1.2.3' }));
    assert.deepEqual(analyze('verify', '--man=no', file), { status: 0, said: '' }, kind);
    const rated = analyze('security', '--offline=true', '--no-pager', '--threshold=20', file);
    assert.equal(rated.status, 0, rated.said);
    const [, exposure] = /Overall exposure level for .*: ([\d.]+)/.exec(rated.said) ?? [];
    assert.ok(Number(exposure) <= 2, `${kind}: ${rated.said}`);
  }
});

const AS_ITS_USER = ['--reuid=homeostat', '--regid=homeostat', '--init-groups'];

test('a real systemd installs, starts, watches, reloads and removes it', async (t) => {
  const machine = await SystemdMachine.boot(t);
  const inside = (path: string): string => join(machine.root, path);
  const mode = (path: string): string => (statSync(inside(path)).mode & 0o777).toString(8);
  const unit = 'homeostat.service';
  const pid = async (): Promise<number> => Number(await machine.property(unit, 'MainPID'));
  const config = inside('etc/homeostat/homeostat.yaml');

  await t.test('it is installed and runs, as a user of its own, with what it needs and no more', async () => {
    const none = await machine.homeostat('service', 'status');
    assert.deepEqual([none.code, /is not installed/.test(none.said)], [1, true]);
    const { code, said } = await machine.homeostat('service', 'install');
    assert.equal(code, 0, said);
    assert.match(said, /Runs +http:\/\/127\.0\.0\.1:4663\n/);
    assert.equal(await machine.property(unit, 'ActiveState'), 'active');
    assert.match(await machine.property(unit, 'StatusText'), /^serves on http/);
    const { said: process } = await machine.run('cat', `/proc/${await pid()}/status`);
    assert.match(process, /^CapEff:\t0000000000080000$/m, 'CAP_SYS_PTRACE alone');
    assert.match(process, /^NoNewPrivs:\t1$/m);
    assert.doesNotMatch(process, /^Uid:\t0\b/m);
  });

  await t.test('data, logs and configuration are closed to others', () => {
    assert.deepEqual(['var/lib/homeostat', 'var/log/homeostat', 'etc/homeostat'].map(mode), [
      '700',
      '750',
      '755',
    ]);
    const files = [
      'var/log/homeostat/daemon.log',
      'var/log/homeostat/anomalies.json',
      'etc/homeostat/homeostat.yaml',
    ];
    assert.deepEqual(files.map(mode), ['640', '640', '640']);
    assert.ok(!existsSync(inside('var/lib/homeostat/daemon.log')));
  });

  await t.test('it sees the machine through the hardening', async () => {
    const ask = async (): Promise<Status> =>
      JSON.parse(
        (await machine.homeostat('status', '--json', '--data', '/var/lib/homeostat')).said,
      ) as Status;
    const isWell = ({ coverage }: Status): boolean =>
      coverage.collectors.every(({ outcome, runs }) => outcome === 'ok' && runs > 2);
    const status = await machine.until(ask, isWell, 'a look of every collector');
    const blind = status.coverage.collectors.flatMap(({ blind }) => blind.map(({ what }) => what));
    // What only root, or the right to read every file, would see.
    assert.deepEqual(
      blind.filter((what) => !/I\/O and open files of/.test(what)),
      [],
    );
    // Every mount is read-only to the service, the file systems are not.
    const stored = () => machine.homeostat('history', '--data', '/var/lib/homeostat');
    await machine.until(
      stored,
      ({ said }) => /^system\.filesystem\.utilization\s/m.test(said),
      'the fullest file system',
    );
  });

  await t.test('what systemctl and the command say of it is the same', async () => {
    const { code, said } = await machine.homeostat('service', 'status', '--json');
    const { runs, pid: told, atBoot, says } = JSON.parse(said) as Record<string, unknown>;
    assert.deepEqual([code, runs, told, atBoot], [0, true, await pid(), true]);
    assert.match(String(says), /^serves on/);
    const logs = await machine.homeostat('service', 'logs', '-n', '5');
    assert.match(logs.said, /^\S+Z info +homeostat \S+ serves on http/m);
  });

  await t.test('a reload takes a setting over, and fails with the mistake where there is one', async () => {
    writeFileSync(config, 'alarms:\n  per_week: 1\n');
    assert.equal((await machine.run('systemctl', 'reload', unit)).code, 0);
    assert.match(
      readFileSync(inside('var/log/homeostat/daemon.log'), 'utf8'),
      /read again: alarms\.per_week/,
    );
    const before = await pid();
    writeFileSync(config, 'alarms:\n  per_weak: 1\n');
    assert.notEqual((await machine.run('systemctl', 'reload', unit)).code, 0);
    const { said } = await machine.run('journalctl', '-u', unit, '-o', 'cat', '--no-pager');
    assert.match(said, /homeostat\.yaml:2: alarms\.per_weak: is not a setting; .*did you mean per_week\?/);
    assert.deepEqual([await pid(), await machine.property(unit, 'ActiveState')], [before, 'active']);
    writeFileSync(config, 'alarms:\n  per_week: 2\n');
  });

  await t.test('to install it again changes nothing that a person wrote', async () => {
    const before = await pid();
    const { code, said } = await machine.homeostat('service', 'install');
    assert.equal(code, 0, said);
    assert.match(readFileSync(config, 'utf8'), /per_week: 2/);
    assert.notEqual(await pid(), before);
    assert.equal(await machine.property(unit, 'ActiveState'), 'active');
  });

  await t.test('a daemon that hangs is started again by the watchdog', async () => {
    mkdirSync(inside('etc/systemd/system/homeostat.service.d'));
    writeFileSync(
      inside('etc/systemd/system/homeostat.service.d/fast.conf'),
      '[Service]\nWatchdogSec=3\nRestartSec=0\n',
    );
    await machine.run('systemctl', 'daemon-reload');
    assert.equal((await machine.run('systemctl', 'restart', unit)).code, 0);
    const hung = await pid();
    // For longer than the watchdog waits it is left alone.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    assert.equal(await pid(), hung);
    await machine.run('kill', '-STOP', String(hung));
    const again = await machine.until(pid, (now) => now !== hung && now > 0, 'a new process');
    await machine.until(
      () => machine.property(unit, 'ActiveState'),
      (state) => state === 'active',
      'its readiness',
    );
    assert.ok(again > hung);
    const { said } = await machine.run('journalctl', '-u', unit, '-o', 'cat', '--no-pager');
    assert.match(said, /Watchdog timeout/);
  });

  await t.test('a wrong configuration is told, and not tried again and again', async () => {
    writeFileSync(config, 'store:\n  cap: 1\n');
    const { code, said } = await machine.homeostat('service', 'install');
    assert.equal(code, 1);
    assert.match(said, /is installed but does not start: .*homeostat\.yaml:2: store\.cap: 1 is not a size/);
    assert.deepEqual(
      [await machine.property(unit, 'ActiveState'), await machine.property(unit, 'ExecMainStatus')],
      ['failed', '2'],
    );
    const { code: status, said: told } = await machine.homeostat('service', 'status');
    assert.deepEqual([status, /^State +failed/.test(told)], [1, true]);
    writeFileSync(config, '');
    assert.equal((await machine.run('systemctl', 'restart', unit)).code, 0);
  });

  await t.test('a hub runs beside it, and what watches the machine tells it', async () => {
    const { code, said } = await machine.homeostat('service', 'install', '--hub');
    assert.equal(code, 0, said);
    assert.equal(await machine.property('homeostat-hub.service', 'ActiveState'), 'active');
    assert.equal(mode('var/log/homeostat/hub.log'), '640');
    assert.match((await machine.homeostat('service', 'logs', '--hub')).said, /takes events on/);
    writeFileSync(config, 'incidents:\n  close_after: 1m\n');
    assert.equal((await machine.run('systemctl', 'reload', 'homeostat-hub.service')).code, 0);
    // The command that was installed knows where the service's data are.
    const asItsUser = (...args: readonly string[]) =>
      machine.run('setpriv', ...AS_ITS_USER, '/usr/local/bin/homeostat', ...args);
    const made = await asItsUser('hub', 'token', 'create', '--json');
    assert.equal(made.code, 0, made.said);
    const { token } = JSON.parse(made.said) as { token: string };
    const agent = await machine.homeostat('service', 'install', '--agent', '--', '--enroll', token);
    assert.equal(agent.code, 0, agent.said);
    assert.match(await machine.property(unit, 'ExecStart'), / agent --data/);
    const hosts = () => asItsUser('hub', 'hosts');
    await machine.until(
      hosts,
      (answer) => /homeostat-test/.test(answer.said),
      'the host in the list of the hub',
    );

    const purge = await machine.homeostat('service', 'uninstall', '--purge', '--yes');
    assert.deepEqual([purge.code, /homeostat-hub shares the data/.test(purge.said)], [2, true]);
    assert.equal((await machine.homeostat('service', 'uninstall', '--hub')).code, 0);
    assert.ok(existsSync(inside('var/lib/homeostat/hub')));
    assert.equal(await machine.property(unit, 'ActiveState'), 'active');
  });

  await t.test('to uninstall it leaves what it learned, to purge it leaves nothing', async () => {
    assert.equal((await machine.homeostat('service', 'uninstall')).code, 0);
    assert.equal(await machine.property(unit, 'LoadState'), 'not-found');
    assert.ok(existsSync(inside('var/lib/homeostat/history.db')));
    const asked = await machine.homeostat('service', 'uninstall', '--purge');
    assert.deepEqual([asked.code, /nobody is there to answer/.test(asked.said)], [2, true]);
    assert.equal((await machine.homeostat('service', 'uninstall', '--purge', '--yes')).code, 0);
    assert.notEqual((await machine.run('test', '-e', '/usr/local/bin/homeostat')).code, 0);
    for (const path of [
      'var/lib/homeostat',
      'var/log/homeostat',
      'etc/homeostat',
      'etc/systemd/system/homeostat.service',
    ])
      assert.ok(!existsSync(inside(path)), path);
    assert.notEqual((await machine.run('id', 'homeostat')).code, 0);
  });
});
