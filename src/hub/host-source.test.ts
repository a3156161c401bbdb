import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtureArchive } from '../../test/support/fixture-archive.ts';
import { Fleet } from '../fleet/fleet.ts';
import { ManualClock } from '../lib/clock.ts';
import type { Loss } from '../model/coverage.ts';
import { HostSource } from './host-source.ts';

test('the coverage of a host says what the hub forgot of it, and why the hub takes nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-source-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = new ManualClock(1_790_000_000_000);
  const stats = { bytes: 0, capBytes: 0, series: 0, oldestAt: undefined, problem: undefined };
  const history = {
    ...{ append: () => {}, appendAnomaly: () => {}, flush: () => {}, close: () => {}, maintain: () => false },
    ...{
      stats: () => stats,
      series: () => [],
      processHistory: () => [],
      anomalies: () => [],
      breaches: () => [],
      processesAt: () => undefined,
    },
    query: () => ({ stepSeconds: 1, frames: [] }),
  };
  const fleet = new Fleet({
    ...{ clock, path: join(folder, 'fleet.db'), mostOpen: 1, warn: assert.fail },
    ...{ revoked: () => new Set<string>(), openHistory: () => history },
  });
  t.after(() => fleet.close());
  const at = clock.now();
  const place = { id: 1, key: 'key', receivedAt: at };
  const event = { kind: 'coverage', at, healthy: true, losses: [] } as const;
  fleet.take([{ ...place, host: 'web', event }], place);
  const host = fleet.host('web')!;
  let problem: string | undefined;
  let refused: readonly Loss[] = [];
  const source = new HostSource({
    ...{ host, clock, folder, summary: () => host.summary(), problem: () => problem },
    incidents: { archive: fixtureArchive([]), refused: () => refused, subscribe: () => () => {} },
  });
  assert.deepEqual(source.status().coverage, { healthy: true, collectors: [], losses: [] });
  problem = 'the log is at its bound';
  const { healthy, storeProblem } = source.status().coverage!;
  assert.deepEqual([healthy, storeProblem], [false, 'the hub takes no events: the log is at its bound']);
  problem = undefined;
  host.facts.processesDropped = { count: 7, lastAt: at };
  const [loss] = source.status().coverage!.losses;
  assert.deepEqual([source.status().coverage!.healthy, loss?.count, loss?.lastAt], [false, 7, at]);
  clock.advance(3_600_000);
  assert.equal(source.status().coverage!.healthy, true);
  refused = [{ what: 'signals refused', why: 'too many', count: 3, lastAt: clock.now() }];
  const { healthy: isWhole, losses } = source.status().coverage!;
  assert.deepEqual([isWhole, losses[0]], [false, refused[0]]);
});
