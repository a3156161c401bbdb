import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Incidents } from '../alert/incidents/incidents.ts';
import { DEFAULT_POLICY } from '../alert/incidents/policy.ts';
import type { HistoryQuery } from '../model/history.ts';
import type { Incident, Signal } from '../model/incident.ts';
import { historyRows, ReplayedSide, timedSignals } from './replay.ts';

const BEGIN = 1_790_000_000_000;
const SECOND = 1000;
const HOUR = 3_600_000;
const CPU = 'system.cpu.utilization{cpu.mode=user}';

const signal = (id: string, raisedAt: number, closedAt: number, program: string): Signal => ({
  ...{ id, host: 'web', state: 'closed', kind: 'process', severity: 'LOW', provisional: false },
  ...{ since: raisedAt, raisedAt, closedAt, metrics: [], sentence: '' },
  culprits: [
    {
      ...{ id: program, pid: 1, name: program, executable: `/bin/${program}`, commandLine: program },
      ...{ parent: undefined, containerId: undefined, share: 1, evidence: '' },
    },
  ],
});

const anyHistory = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 3000 }),
    lasts: fc.integer({ min: 1, max: 3000 }),
    program: fc.constantFrom('a', 'b', 'c'),
  }),
  { maxLength: 30 },
);

test('what was recorded gives the same incidents again as when it was told', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      let at = BEGIN;
      const signals = history.map(({ after, lasts, program }, number) => {
        at += after * SECOND;
        return signal(`${number}`, at, at + lasts * SECOND, program);
      });
      const period = { from: BEGIN, to: at + HOUR };
      const told = timedSignals(signals, period);
      const live = new Map<string, Incident>();
      const incidents = new Incidents({
        policy: DEFAULT_POLICY,
        onChange: ({ incident }) => live.set(incident.id, incident),
        notify: () => {},
      });
      const side = new ReplayedSide({ policy: DEFAULT_POLICY, feedback: [], before: [] });
      // Whoever plays history looks less often than a daemon does.
      for (let now = BEGIN, next = 0; now < period.to; now += SECOND) {
        for (; next < told.length && told[next]!.at <= now; next++)
          incidents.signal(told[next]!.signal, told[next]!.at);
        incidents.look(now);
      }
      for (const one of told) side.signal(one.signal, one.at);
      side.look(period.to);
      const facts = (all: Iterable<Incident>) =>
        [...all].map(({ id, since, closedAt, returns }) => ({ id, since, closedAt, returns }));
      assert.deepEqual(facts(side.incidents()), facts([...live.values()].sort((a, b) => a.since - b.since)));
    }),
    { numRuns: 50, seed: 1 },
  );
});

test('a row has what was measured in its second, in the order of time, and whether it was scored', () => {
  const frame = (metric: string, ...values: readonly (readonly [number, number])[]) => {
    const mean = Float64Array.from(values, ([, value]) => value);
    return { metric, unit: '1', at: Float64Array.from(values, ([at]) => at), mean, min: mean, max: mean };
  };
  const asked: HistoryQuery[] = [];
  const history = {
    query: (query: HistoryQuery) => {
      asked.push(query);
      const frames = [
        frame(CPU, [BEGIN + 1000, 0.5], [BEGIN + 2000, Number.NaN], [BEGIN + 3000, 0.75]),
        frame('system.linux.cpu.load_1m', [BEGIN, 2], [BEGIN + 2000, 3]),
        frame('homeostat.score', [BEGIN + 2000, 1]),
        frame('gone.with.an.update', [BEGIN, 1]),
      ];
      return { stepSeconds: 1, frames: asked.length === 1 ? frames : [] };
    },
  };
  const rows = [...historyRows(history, [CPU], { from: BEGIN, to: BEGIN + 90 * 60_000 })];
  const seen = rows.map(({ tick, wasScored }) => [
    tick.at - BEGIN,
    tick.metrics.map(({ value }) => value),
    wasScored,
  ]);
  assert.deepEqual(seen, [
    [0, [2], false],
    [1000, [0.5], false],
    [2000, [3, 1], true],
    [3000, [0.75], false],
  ]);
  assert.deepEqual(
    asked.map(({ from, to }) => to - from),
    [HOUR, HOUR / 2],
  );
});

test('what was raised before the period is not played, and what closes after it is open at its end', () => {
  const period = { from: BEGIN, to: BEGIN + HOUR };
  const signals = [
    signal('before', BEGIN - SECOND, BEGIN + SECOND, 'a'),
    signal('in', BEGIN + SECOND, BEGIN + 2 * HOUR, 'a'),
  ];
  assert.deepEqual(
    timedSignals(signals, period).map(({ signal: { id, state } }) => [id, state]),
    [['in', 'open']],
  );
});
