import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HubProcess } from './hub.ts';

const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));
const CLIENT = fileURLToPath(new URL('../wire/client.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** What protoc makes of our proto for Python. */
export function makeStubs(folder: string): string {
  execFileSync(PYTHON, [
    ...['-m', 'grpc_tools.protoc', '-I', PROTO, `--python_out=${folder}`, `--grpc_python_out=${folder}`],
    ...['messaging/messaging.proto', 'homeostat/v1/telemetry.proto'],
  ]);
  return folder;
}

/** Runs the Python client; what it was answered. Rejects with its last line where it ended in an error. */
export function python(
  stubs: string,
  hub: HubProcess,
  folder: string,
  count: number,
  ...options: readonly string[]
) {
  const args = [CLIENT, stubs, hub.address, folder, 'client', String(count), ...options];
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', error: '' };
  child.stdout.on('data', (text) => {
    said.out += text;
  });
  child.stderr.on('data', (text) => {
    said.error += text;
  });
  return new Promise<{ answers: Record<string, number>; reason: string; seconds: number }>(
    (resolve, reject) =>
      child.on('close', (code) =>
        code === 0 ? resolve(JSON.parse(said.out)) : reject(new Error(said.error.trim().split('\n').at(-1))),
      ),
  );
}
