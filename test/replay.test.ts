import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replay } from './support/replay.ts';
import { loadTrace } from './support/trace.ts';

/** Recorded machines on which nothing went wrong. The length is what test/traces/README.md states. */
const TRACES = [
  { name: 'virtual-machine', minutes: 43 },
  { name: 'working-machine', minutes: 132 },
];

for (const { name, minutes } of TRACES) {
  describe(`the recorded machine '${name}', ${minutes} minutes, its second half after the first was learned`, () => {
    const { ticks } = loadTrace(name);
    const half = Math.floor(ticks.length / 2);
    const { anomalies, scored } = replay(ticks.slice(0, half), ticks.slice(half));

    it('is as long as it is said to be, and all of it is scored', () => {
      const length = (ticks.at(-1)!.at - ticks[0]!.at) / 60_000;
      assert.ok(length >= minutes, `${length} min`);
      assert.ok(scored >= 0.95 * (ticks.length - half), `${scored} rows were scored`);
    });

    it('raises nothing HIGH, and at most one alarm', () => {
      const raised = anomalies.map(({ severity, sentence }) => `${severity} ${sentence}`);
      assert.ok(raised.length <= 1, raised.join('\n'));
      assert.deepEqual(
        raised.filter((line) => line.startsWith('HIGH')),
        [],
      );
    });
  });
}
