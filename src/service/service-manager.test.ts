import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../lib/clock.ts';
import { ServiceManager } from './service-manager.ts';

/** A real Unix datagram socket, which Node itself does not have, as systemd listens on one; abstract where the name begins with @. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1].startswith('@') else sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', '|'), flush=True)
`;

async function listen(t: TestContext, name: string): Promise<() => Promise<string>> {
  const child = spawn('/usr/bin/python3', ['-c', LISTENER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value as string;
  assert.equal(await next(), 'listening');
  return next;
}

function managerOf(t: TestContext, env: NodeJS.ProcessEnv) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = new ManualClock();
  const problems: string[] = [];
  const manager = new ServiceManager({
    ...{ env, clock, intervalMs: () => 1000 },
    onProblem: (problem) => problems.push(problem),
  });
  /** Both clocks go on by a third of the watchdog's minute: time for one ping. */
  const pass = (): void => {
    clock.advance(20_000);
    t.mock.timers.tick(20_000);
  };
  return { manager, problems, pass };
}

for (const kind of ['path', 'abstract'] as const)
  test(`systemd is told that it is ready, alive and stopping, on a socket with a name that is a ${kind}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-notify-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const name = kind === 'path' ? join(folder, 'notify') : `@homeostat-test-${process.pid}`;
    const next = await listen(t, name);
    const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(process.pid) };
    const { manager, problems, pass } = managerOf(t, env);
    manager.ready('serves on here');
    assert.equal(await next(), 'READY=1|STATUS=serves on here');
    manager.looked();
    pass();
    assert.equal(await next(), 'WATCHDOG=1');
    // Nothing is looked at any more: after half a minute it is not alive, though timers run.
    pass();
    pass();
    manager.looked();
    pass();
    manager.stopping();
    assert.deepEqual([await next(), await next()], ['WATCHDOG=1', 'STOPPING=1']);
    assert.deepEqual(problems, []);
  });

test('without a service manager nothing is told', (t) => {
  const { manager, problems, pass } = managerOf(t, {});
  manager.ready('x');
  pass();
  manager.stopping();
  assert.deepEqual(problems, []);
});

test('a watchdog of another process is not served, and a listener that went away is no failure', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-notify-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const name = join(folder, 'notify');
  const { manager, problems, pass } = managerOf(t, {
    ...{ NOTIFY_SOCKET: name, WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' },
  });
  manager.ready('nobody hears it');
  pass();
  const next = await listen(t, name);
  pass();
  manager.stopping();
  assert.equal(await next(), 'STOPPING=1');
  assert.deepEqual(problems, []);
});
