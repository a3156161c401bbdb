import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../lib/errors.ts';
import { Reloader } from './reload.ts';

interface Settings {
  readonly alarms: { readonly perWeek: number };
  readonly limits: {
    readonly disk: { readonly percent: number; readonly by: Readonly<Record<string, number>> };
  };
  readonly store: { readonly cap: number };
}

const first: Settings = {
  alarms: { perWeek: 7 },
  limits: { disk: { percent: 90, by: {} } },
  store: { cap: 1 },
};

function reloaderOf(read: () => Settings) {
  const reloader = new Reloader<Settings>(first, async () => read());
  const told: unknown[] = [];
  reloader.onReload('alarms', (now, before) => void told.push([now, before]));
  return { reloader, told };
}

test('a section that changed is handed over once, with what it was before', async () => {
  const { reloader, told } = reloaderOf(() => ({ ...first, alarms: { perWeek: 1 } }));
  const limits: unknown[] = [];
  reloader.onReload('limits', (now) => void limits.push(now));
  assert.deepEqual(await reloader.reload(), { applied: ['alarms.perWeek'], needRestart: [], problems: [] });
  assert.deepEqual([told, limits], [[[{ perWeek: 1 }, { perWeek: 7 }]], []]);
  assert.deepEqual((await reloader.reload()).applied, []);
});

test('what nobody takes over is named, to the depth of what changed, until it is as it was', async () => {
  let now: Settings = { ...first, store: { cap: 2 }, limits: { disk: { percent: 90, by: { '/var': 5 } } } };
  const { reloader } = reloaderOf(() => now);
  const both = ['limits.disk.by./var', 'store.cap'];
  assert.deepEqual((await reloader.reload()).needRestart, both);
  assert.deepEqual((await reloader.reload()).needRestart, both);
  now = structuredClone(first);
  assert.deepEqual(await reloader.reload(), { applied: [], needRestart: [], problems: [] });
});

test('a wrong configuration changes nothing and tells every mistake', async () => {
  const { reloader, told } = reloaderOf(() => {
    throw new UserError('a.yaml:1: one', 2, ['a.yaml:2: two']);
  });
  assert.deepEqual(await reloader.reload(), {
    applied: [],
    needRestart: [],
    problems: ['a.yaml:1: one', 'a.yaml:2: two'],
  });
  assert.deepEqual(told, []);
});

test('what a subscriber cannot take is told, and is tried again the next time', async () => {
  const { reloader } = reloaderOf(() => ({ ...first, limits: { disk: { percent: 80, by: {} } } }));
  let fails = true;
  reloader.onReload('limits', () => {
    if (fails) throw new Error('no');
  });
  assert.deepEqual((await reloader.reload()).problems, ['limits: no']);
  fails = false;
  assert.deepEqual((await reloader.reload()).applied, ['limits.disk.percent']);
});

test('requests wait for each other', async () => {
  let perWeek = 7;
  const reloader = new Reloader<Settings>(first, async () => ({ ...first, alarms: { perWeek: --perWeek } }));
  const seen: number[] = [];
  reloader.onReload('alarms', ({ perWeek }) => void seen.push(perWeek));
  await Promise.all([reloader.reload(), reloader.reload(), reloader.reload()]);
  assert.deepEqual(seen, [6, 5, 4]);
});

test('a setting that its section cannot take over is named, and stays as it was for whoever takes the rest', async () => {
  const by = { '/var': 5 };
  let now: Settings = { ...first, limits: { disk: { percent: 80, by } } };
  const reloader = new Reloader<{ disk: Settings['limits']['disk'] }>(
    { disk: first.limits.disk },
    async () => ({
      disk: now.limits.disk,
    }),
  );
  const seen: unknown[] = [];
  reloader.onReload('disk', async (disk) => void seen.push(disk), ['by']);
  assert.deepEqual(await reloader.reload(), {
    applied: ['disk.percent'],
    needRestart: ['disk.by./var'],
    problems: [],
  });
  assert.deepEqual(seen, [{ percent: 80, by: {} }]);
  now = { ...now, limits: { disk: { percent: 80, by: {} } } };
  assert.deepEqual((await reloader.reload()).needRestart, []);
  assert.equal(seen.length, 1);
});
