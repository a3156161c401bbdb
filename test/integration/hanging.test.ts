import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Collector } from '../../src/collect/collector.ts';
import type { Space } from '../../src/collect/host.ts';
import { wireMachine } from '../support/wired-machine.ts';

const START = Date.UTC(2026, 5, 1, 12, 30);
const never = <T>(): Promise<T> => new Promise<T>(() => {});

test('a disk that never answers blinds its file system alone, and coverage is red', async (t) => {
  const answered: Space = { total: 100, free: 50, available: 50, files: 10, filesFree: 5 };
  let hangs = false;
  const { timers, schedule, hub, store } = wireMachine(t, {
    start: START,
    space: (path) => (hangs && path === '/srv' ? never() : Promise.resolve(answered)),
  });
  schedule.start();
  await timers.advance(20_000);
  assert.equal(hub.status().coverage.healthy, true);

  hangs = true;
  await timers.advance(20_000);
  const { coverage, lastSampleAt, at } = hub.status();
  assert.equal(coverage.healthy, false);
  const filesystem = coverage.collectors.find(({ collector }) => collector === 'filesystem');
  const [spot] = filesystem!.blind;
  assert.deepEqual([spot?.what, spot?.why, spot?.severe], ['file system /srv', 'it does not answer', true]);
  assert.ok(spot?.remedy, 'and what would mend it');
  assert.ok(at - lastSampleAt! < 2000, 'samples go on');
  assert.deepEqual(coverage.losses, []);
  const { frames } = store.query({
    metrics: [
      'system.linux.context_switches',
      'system.filesystem.utilization{system.filesystem.mountpoint=/srv}',
    ],
    from: START + 30_000,
    to: START + 60_000,
    resolution: 1,
  });
  assert.ok(frames[0]!.at.length >= 9, 'all others are seen');
  assert.equal(frames[1]?.at.length ?? 0, 0, 'nothing stands in for what was not seen');
});

test('a collector that hangs is late, the others go on, and coverage is red until it answers', async (t) => {
  let release = (): void => {};
  let hangs = false;
  const stuck: Collector = {
    name: 'stuck',
    platforms: ['linux'],
    collect: async () => {
      if (hangs)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      return { metrics: [], blind: [] };
    },
  };
  const { timers, schedule, hub } = wireMachine(t, { start: START, moreCollectors: [stuck] });
  schedule.start();
  await timers.advance(5000);
  assert.equal(hub.status().coverage.healthy, true);

  hangs = true;
  await timers.advance(10_000);
  const { coverage, lastSampleAt, at } = hub.status();
  assert.equal(coverage.healthy, false);
  const outcomes = coverage.collectors.map(({ collector, outcome }) => [collector, outcome] as const);
  assert.deepEqual(
    outcomes.filter(([, outcome]) => outcome !== 'ok'),
    [['stuck', 'late']],
  );
  assert.ok(outcomes.length > 5);
  assert.ok(at - lastSampleAt! < 2000);

  hangs = false;
  release();
  await timers.advance(5000);
  assert.equal(hub.status().coverage.healthy, true, 'it has answered');
});
