import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Incident, Signal } from '../../model/incident.ts';
import { type Cause, isOneWith } from './cause.ts';
import { IncidentIndex } from './incident-index.ts';
import { begin, type KeptIncident } from './kept.ts';

const FIRST: Signal = {
  ...{ id: 's', host: 'web', state: 'open', kind: 'machine', severity: 'LOW', provisional: false },
  ...{ since: 0, raisedAt: 0, metrics: [], culprits: [], sentence: '' },
};

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 });
const change = fc.record({
  number: fc.integer({ min: 0, max: 9 }),
  host: fc.constantFrom('web', 'db'),
  state: fc.constantFrom<Incident['state'][]>('open', 'closed'),
  isForgotten: fc.boolean(),
  ...{ programs: names, subjects: names, resources: names },
});
const cause = fc.record(
  {
    subject: fc.constantFrom('a', 'b'),
    program: fc.constantFrom('a', 'b'),
    resource: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: [] },
);

/** As a walk through all of them finds it. */
function walk(kept: ReadonlyMap<string, KeptIncident>, about: Cause): readonly string[] {
  return [...kept.values()].flatMap(({ incident, memory }) =>
    incident.host === 'web' && isOneWith(about, memory, incident.state === 'open') ? [incident.id] : [],
  );
}

test('the index names what a walk through all incidents finds, in the same order, whatever changed', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), cause, (changes, parts) => {
      const index = new IncidentIndex();
      const kept = new Map<string, KeptIncident>();
      for (const { number, host, state, isForgotten, ...named } of changes) {
        const { incident, memory } = begin({ ...FIRST, id: `${host}${number}`, host }, 0);
        const { id } = incident;
        if (isForgotten) index.forget(id);
        if (isForgotten) kept.delete(id);
        else {
          const one = { incident: { ...incident, state }, memory: { ...memory, ...named } };
          kept.set(id, one);
          index.put(one);
        }
      }
      const about: Cause = { label: '', ...parts };
      const found = index.alike('web', about).filter((id) => {
        const { incident, memory } = kept.get(id)!;
        return isOneWith(about, memory, incident.state === 'open');
      });
      assert.deepEqual(found, walk(kept, about));
      const open = [...kept.values()].filter(
        ({ incident: { host, state } }) => host === 'web' && state === 'open',
      );
      assert.equal(index.countOpen('web'), open.length);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('what has nothing in common is not looked at', () => {
  const index = new IncidentIndex();
  for (let n = 0; n < 1000; n++) {
    const { incident, memory } = begin({ ...FIRST, id: `s${n}` }, 0);
    index.put({ incident, memory: { ...memory, programs: [`p${n}`], resources: [`r${n}`] } });
    index.join(`s${n}`, incident.id);
  }
  const found = index.alike('web', { label: '', program: 'p7', resource: 'r8' });
  assert.deepEqual(found, [index.homeOf('web', 's7'), index.homeOf('web', 's8')]);
  assert.deepEqual(index.alike('db', { label: '', program: 'p7', resource: 'r8' }), []);
  index.forget(found[0]!);
  assert.equal(index.homeOf('web', 's7'), undefined);
});
