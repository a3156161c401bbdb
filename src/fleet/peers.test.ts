import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../lib/random.ts';
import { type Outlier, Peers } from './peers.ts';

const CPU = 'system.cpu.utilization';
const DAY = 1440;
const SENT = 'system.network.io{network.io.direction=transmit}';

/** Generated hosts: each has a level of its own, noise, and the day's course that all share. */
class GeneratedFleet {
  readonly peers = new Peers();
  readonly #random: Random;
  readonly #hosts: readonly { readonly name: string; readonly level: number }[];
  #minute = 0;
  /** What is added to a host's CPU. */
  readonly extra = new Map<string, number>();
  /** What is added to all. */
  shared = 0;

  constructor(hosts: number, seed = 1) {
    this.#random = new Random(seed);
    this.#hosts = Array.from({ length: hosts }, (_, index) => ({
      name: `host-${index}`,
      level: 0.05 + 0.05 * index,
    }));
  }

  minute(): Map<string, Outlier[]> {
    const course = 0.05 * Math.sin((this.#minute++ / 1440) * 2 * Math.PI);
    for (const { name, level } of this.#hosts) {
      const noise = 0.03 * this.#random.normal();
      this.peers.add(
        name,
        CPU,
        Math.max(0, level + course + noise + this.shared + (this.extra.get(name) ?? 0)),
      );
      this.peers.add(name, SENT, 1e6 * level * 100 * Math.exp(0.5 * this.#random.normal()));
    }
    return this.peers.close();
  }

  /** The names of those that were out in any of the minutes. */
  minutes(count: number): string[] {
    const out = new Set<string>();
    for (let minute = 0; minute < count; minute++) for (const name of this.minute().keys()) out.add(name);
    return [...out];
  }
}

test('hosts of different sizes are no outliers, nor is what all of them do together', () => {
  const fleet = new GeneratedFleet(8);
  assert.deepEqual(fleet.minutes(3 * DAY), []);
  fleet.shared = 0.4;
  assert.deepEqual(fleet.minutes(60), []);
});

test('one that leaves its usual place for five minutes is told with its range, until it is back', () => {
  const fleet = new GeneratedFleet(8);
  fleet.minutes(DAY);
  fleet.extra.set('host-2', 0.5);
  assert.deepEqual(fleet.minutes(4), []);
  const [outlier] = fleet.minute().get('host-2')!;
  assert.ok(outlier);
  assert.equal(outlier.metric, CPU);
  assert.equal(outlier.peers, 7);
  assert.ok(
    outlier.observed > 0.5 && outlier.expectedHigh < 0.35 && outlier.expectedLow > 0,
    JSON.stringify(outlier),
  );
  assert.deepEqual(fleet.minutes(30), ['host-2']);
  fleet.extra.clear();
  assert.deepEqual(fleet.minutes(30), []);
  // The same again within days was told already.
  fleet.extra.set('host-2', 0.5);
  assert.deepEqual(fleet.minutes(30), []);
});

test('what lasts a day is how the host is now', () => {
  const fleet = new GeneratedFleet(6);
  fleet.minutes(DAY);
  fleet.extra.set('host-1', 0.5);
  assert.deepEqual(fleet.minutes(1445), ['host-1']);
  assert.deepEqual(fleet.minutes(120), []);
});

test('a burst of less than five minutes, and fewer than five hosts, are nobody’s news', () => {
  const fleet = new GeneratedFleet(8);
  fleet.minutes(DAY);
  fleet.extra.set('host-2', 0.6);
  assert.deepEqual(fleet.minutes(4), []);
  fleet.extra.clear();
  assert.deepEqual(fleet.minutes(20), []);
  const few = new GeneratedFleet(4);
  few.minutes(DAY);
  few.extra.set('host-2', 0.6);
  assert.deepEqual(few.minutes(30), []);
});

test('what was learned can be kept and taken up again', () => {
  const fleet = new GeneratedFleet(8);
  fleet.minutes(DAY);
  const again = new GeneratedFleet(8, 2);
  for (let index = 0; index < 8; index++) {
    const name = `host-${index}`;
    again.peers.learned(name, JSON.parse(JSON.stringify(fleet.peers.standings(name))));
  }
  again.extra.set('host-3', 0.5);
  assert.deepEqual(again.minutes(10), ['host-3']);
});
