import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Breach } from '../../model/breach.ts';
import { breachRecord } from './log-records.ts';

it('a forecast says of what, from which line and when', () => {
  const breach: Breach = {
    ...{ schema: 1, id: 'b', host: 'h', state: 'open', kind: 'forecast', severity: 'LOW', provisional: true },
    ...{ since: 1000, raisedAt: 2000, metrics: [], culprits: [], sentence: 'Memory is full in 3 h.' },
    ...{ limit: 'memory', line: 1, full: { at: 3_600_000, earliest: 1, latest: 2 } },
  };
  const { at, eventName, severityNumber, attributes } = breachRecord(breach, 5000);
  assert.deepEqual([at, eventName, severityNumber], [2000, 'homeostat.breach', 13]);
  assert.equal(attributes['homeostat.limit'], 'memory');
  assert.equal(attributes['homeostat.full_at'], '1970-01-01T01:00:00.000Z');
  assert.equal(attributes['homeostat.kind'], 'forecast');
});
