import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../lib/log.ts';
import { RUN_FILE, type RunFile } from './client.ts';
import { RELOAD_REQUEST, reloadOnRequest } from './reload.ts';

test('where there are no signals a file asks for a reload, and the run file tells what came of it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, RUN_FILE);
  writeFileSync(path, JSON.stringify({ address: 'http://127.0.0.1:1', pid: process.pid, startedAt: 1 }));
  const outcome = { applied: ['alarms.per_week'], needRestart: [], problems: ['one'] };
  let asked = 0;
  const { stop } = reloadOnRequest({
    ...{ log: silentLog, folder, platform: 'win32' },
    reloader: {
      reload: async () => {
        asked++;
        return outcome;
      },
    },
  });
  t.after(stop);
  const request = join(folder, RELOAD_REQUEST);
  for (const times of [1, 2]) {
    writeFileSync(request, '');
    for (let left = 300; asked < times || existsSync(request); left--) {
      assert.ok(left > 0, 'the request was not seen');
      await sleep(50);
    }
  }
  const { reloaded } = JSON.parse(readFileSync(path, 'utf8')) as RunFile;
  assert.deepEqual({ ...reloaded, at: 0 }, { ...outcome, at: 0 });
  assert.ok(reloaded!.at > 0);
});
