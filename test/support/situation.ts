import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Draft, Rule } from '../../src/advise/rule.ts';
import type { Situation } from '../../src/advise/situation.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Breach } from '../../src/model/breach.ts';
import type { ProcessPoint } from '../../src/model/history.ts';
import type { ListedProcess } from '../../src/model/process.ts';

export const NOW = Date.UTC(2026, 2, 2, 12);
const MINUTE = 60_000;

/** A machine of four cores and 8 GB on which nothing is the matter, but what is given. */
export const situation = (given: Partial<Situation> = {}): Situation => ({
  ...{ at: NOW, cpus: 4, memoryBytes: 8e9, metrics: new Map(), processes: [], anomalies: [], breaches: [] },
  ...{ past: () => [], blame: () => [], fileLimit: () => undefined, group: () => undefined },
  ...{ linkSpeed: () => undefined, walks: new Map(), restarts: [] },
  ...given,
});

export const metrics = (values: Readonly<Record<string, number>>): Situation['metrics'] =>
  new Map(Object.entries(values));

/** A process that began an hour ago. */
export const running = (pid: number, given: Partial<ListedProcess> = {}): ListedProcess => ({
  ...{
    id: `boot-${pid}-1`,
    pid,
    ppid: 1,
    name: 'worker',
    executable: '/usr/bin/worker',
    invokedAs: 'worker',
  },
  ...{ args: [], startedAt: NOW - 60 * MINUTE, uid: 0, gid: 0, cgroup: undefined, containerId: undefined },
  ...{ state: 'S', rss: 10e6, openFiles: 10 },
  ...given,
});

/** Minutes up to now. */
export const minutes = (
  count: number,
  of: (minute: number) => Partial<ProcessPoint>,
): readonly ProcessPoint[] =>
  Array.from({ length: count }, (_, minute) => ({
    ...{ at: NOW - (count - minute) * MINUTE, cpu: 0, rss: 10e6, readRate: 0, writeRate: 0, threads: 1 },
    ...of(minute),
  }));

/** An open anomaly of a process. */
export const finding = (
  process: ListedProcess,
  what: NonNullable<Anomaly['finding']>,
  given: Partial<Anomaly> = {},
): Anomaly => ({
  ...{ schema: 1, id: `a-${process.pid}`, host: 'test', state: 'open', kind: 'process', severity: 'MEDIUM' },
  ...{ finding: what, provisional: false, since: NOW - 10 * MINUTE, raisedAt: NOW - 5 * MINUTE },
  ...{ score: 9, returnPeriodSeconds: 1e6, metrics: [], sentence: '' },
  culprits: [
    {
      ...{ id: process.id, pid: process.pid, name: process.name, executable: process.executable },
      ...{
        commandLine: process.name,
        parent: undefined,
        containerId: undefined,
        share: 1,
        evidence: 'it changed',
      },
    },
  ],
  ...given,
});

export const breach = (limit: string, metric: string, given: Partial<Breach> = {}): Breach => ({
  ...{ schema: 1, id: `b-${limit}`, host: 'test', state: 'open', kind: 'threshold', limit, line: 0.9 },
  ...{
    severity: 'MEDIUM',
    provisional: false,
    since: NOW - MINUTE,
    raisedAt: NOW,
    culprits: [],
    sentence: '',
  },
  metrics: [{ metric, unit: '1', observed: 0.95, expectedLow: 0, expectedHigh: 0.9, share: 1 }],
  ...given,
});

export interface RuleCases {
  /** What triggers it, and what it must say then. */
  readonly triggers: Readonly<
    Record<string, { readonly situation: Situation; readonly check: (advice: Draft) => void }>
  >;
  /** What must not trigger it. */
  readonly not: Readonly<Record<string, Situation>>;
}

const tested = new Set<string>();

/** One rule with its cases: both kinds must be there, a rule is tested once, and what it says is whole and can be run by a shell. */
export function testRule(rule: Rule, { triggers, not }: RuleCases): void {
  assert.ok(!tested.has(rule.name), `${rule.name} is tested twice`);
  tested.add(rule.name);
  assert.ok(Object.keys(triggers).length > 0 && Object.keys(not).length > 0, `${rule.name} lacks cases`);
  describe(rule.name, () => {
    for (const [name, { situation, check }] of Object.entries(triggers)) {
      it(`advises for ${name}`, () => {
        const [advice] = rule.advise(situation);
        assert.ok(advice, 'it says nothing');
        assertWhole(advice);
        check(advice);
        assert.deepEqual(rule.advise(situation), rule.advise(situation));
      });
    }
    for (const [name, situation] of Object.entries({ ...not, 'a machine that is well': situationOfPeace() }))
      it(`is silent for ${name}`, () => assert.deepEqual(rule.advise(situation), []));
  });
}

const situationOfPeace = (): Situation =>
  situation({ processes: [running(10), running(11, { cgroup: '/system.slice/web.service' })] });

/** Every text is there, nothing hostile is left in it, and a shell takes the command. */
function assertWhole(advice: Draft): void {
  const { subject, advice: text, why, gain, because, undo, command } = advice;
  for (const one of [subject, text, why, gain, because, undo]) {
    assert.ok(one.length > 3);
    assert.doesNotMatch(one, /undefined|NaN|[\u0000-\u001f\u202e]/);
  }
  assert.match(text, /^[A-Z].*\.$/s);
  if (command === undefined) return;
  assert.doesNotMatch(command, /[\u0000-\u001f\u202e]|undefined|NaN/);
  const { status, stderr } = spawnSync('sh', ['-n', '-c', command], { encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stderr}`);
}
