import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUS_FAULTS, make } from './bus/run.ts';

for (const fault of BUS_FAULTS)
  test(`${fault.what}: every event that was acknowledged is there, once`, async (t) => {
    const { counts, seen, ok } = await make(fault, true);
    const { acknowledged, kept, lost, twice } = counts;
    t.diagnostic(`${seen}: ${acknowledged} acknowledged, ${kept} in the log, ${lost} lost, ${twice} twice`);
    assert.ok(ok, `${seen} ${JSON.stringify(counts)}`);
  });
