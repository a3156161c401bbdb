import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Anomaly, Culprit, ProcessFinding, Severity } from '../model/anomaly.ts';
import type { LearningPhase } from '../model/learning.ts';
import type { Score } from '../model/score.ts';
import { AnomalyTracker } from './tracker.ts';

const START = Date.UTC(2026, 2, 2, 12);
const DAY = 86_400;

function severityOf(seconds: number): Severity | undefined {
  return seconds >= 30 * DAY ? 'HIGH' : seconds >= 7 * DAY ? 'MEDIUM' : seconds >= DAY ? 'LOW' : undefined;
}

function score(at: number, returnPeriodSeconds: number): Score {
  return {
    at,
    value: Math.log10(returnPeriodSeconds + 1),
    returnPeriodSeconds,
    detectors: {},
    explain: () => [
      {
        metric: 'system.cpu.utilization{cpu.mode=user}',
        observed: 0.97,
        expected: { low: 0.01, median: 0.02, high: 0.06 },
        share: 0.8,
      },
    ],
  };
}

const culprit = (pid: number, share = 0.9): Culprit => ({
  id: `boot-${pid}-1`,
  pid,
  name: `p${pid}`,
  executable: undefined,
  commandLine: `p${pid}`,
  parent: undefined,
  containerId: undefined,
  share,
  evidence: 'CPU 0 % -> 98 % of a core',
});

/** Plays rows, one a second; a number is the score's return period in seconds, undefined a row without a score. */
class Scene {
  readonly said: Anomaly[] = [];
  readonly tracker: AnomalyTracker<number>;
  culprits: readonly Culprit[] = [culprit(1)];
  asked = 0;
  at = START;

  constructor(host = 'host-1') {
    this.tracker = new AnomalyTracker<number>({
      host,
      severityOf,
      culprits: {
        baseline: (since) => since,
        attribute: () => {
          this.asked++;
          return this.culprits;
        },
      },
      onAnomaly: (anomaly) => this.said.push(anomaly),
    });
  }

  rows(count: number, returnPeriod: number | undefined, phase: LearningPhase = 'calibrated'): this {
    for (let row = 0; row < count; row++) {
      this.at += 1000;
      const value = returnPeriod === undefined ? undefined : score(this.at, returnPeriod);
      this.tracker.tick({ at: this.at, score: value, phase });
    }
    return this;
  }
}

test('an excursion that lasts opens one anomaly, with its sentence, and closes it after quiet', () => {
  const scene = new Scene()
    .rows(100, 10)
    .rows(30, 2 * DAY)
    .rows(200, 10);
  assert.deepEqual(
    scene.said.map(({ state }) => state),
    ['open', 'closed'],
  );
  const [opened, closed] = scene.said;
  assert.equal(opened?.since, START + 101_000);
  assert.equal(opened?.raisedAt, START + 104_000);
  assert.equal(opened?.severity, 'LOW');
  assert.equal(opened?.provisional, false);
  assert.match(
    opened?.sentence ?? '',
    /^CPU user time is 97 % \(usually 1-6 %\) since .*`p1` \(pid 1\) accounts for 90 %/,
  );
  assert.equal(closed?.id, opened?.id);
  assert.equal(closed?.closedAt, START + 130_000);
  assert.deepEqual(scene.tracker.open(), []);
});

test('a single strange row, or two, opens nothing', () => {
  assert.deepEqual(
    new Scene()
      .rows(50, 10)
      .rows(3, 90 * DAY)
      .rows(50, 10)
      .rows(2, 90 * DAY)
      .rows(50, 10).said,
    [],
  );
});

test('it begins where the rows became unusual, before they were severe', () => {
  const scene = new Scene()
    .rows(50, 10)
    .rows(10, 3600)
    .rows(10, 2 * DAY);
  assert.equal(scene.said[0]?.since, START + 51_000);
});

test('an old unusual row after which all was quiet is not its beginning', () => {
  const scene = new Scene()
    .rows(50, 10)
    .rows(2, 3600)
    .rows(40, 10)
    .rows(10, 2 * DAY);
  assert.equal(scene.said[0]?.since, START + 93_000);
});

test('dips below the limit keep it open: it does not flap', () => {
  const scene = new Scene().rows(20, 10);
  for (let round = 0; round < 10; round++) scene.rows(10, 2 * DAY).rows(40, 10);
  assert.equal(scene.said.length, 1);
});

test('the severity rises and is told, and never falls', () => {
  const scene = new Scene()
    .rows(20, 10)
    .rows(10, 2 * DAY)
    .rows(10, 8 * DAY)
    .rows(10, 31 * DAY)
    .rows(30, 2 * DAY)
    .rows(61, 10);
  assert.deepEqual(
    scene.said.map(({ state, severity }) => `${state} ${severity}`),
    ['open LOW', 'open MEDIUM', 'open HIGH', 'closed HIGH'],
  );
  assert.equal(scene.said.at(-1)?.returnPeriodSeconds, 31 * DAY);
});

test('a culprit that is found later is told; the asking is bounded', () => {
  const scene = new Scene();
  scene.culprits = [];
  scene.rows(20, 10).rows(6, 2 * DAY);
  scene.culprits = [culprit(7)];
  scene.rows(300, 2 * DAY);
  assert.deepEqual(
    scene.said.map(({ culprits }) => culprits[0]?.pid),
    [undefined, 7],
  );
  assert.match(scene.said[1]!.sentence, /`p7`/);
  assert.ok(scene.asked < 30, `${scene.asked}`);
});

test('a culprit is not lost because it ended or a weaker suspect came', () => {
  const scene = new Scene().rows(20, 10).rows(10, 2 * DAY);
  scene.culprits = [culprit(2, 0.1)];
  scene.rows(60, 2 * DAY);
  scene.culprits = [];
  scene.rows(60, 2 * DAY);
  assert.deepEqual(
    scene.said.map(({ culprits }) => culprits[0]?.pid),
    [1],
  );
});

test('rows without a score count neither as unusual nor as quiet', () => {
  const scene = new Scene()
    .rows(20, 10)
    .rows(10, 2 * DAY)
    .rows(200, undefined);
  assert.equal(scene.said.length, 1);
  scene.rows(61, 10);
  assert.equal(scene.said.length, 2);
});

test('a gap in time is not quiet, and what was about to open before it does not', () => {
  const scene = new Scene().rows(20, 10).rows(3, 2 * DAY);
  scene.at += 600_000;
  scene.rows(1, 2 * DAY).rows(10, 10);
  assert.deepEqual(scene.said, []);
  scene.rows(10, 2 * DAY);
  scene.at += 600_000;
  scene.rows(40, 10);
  assert.deepEqual(
    scene.said.map(({ state }) => state),
    ['open'],
  );
});

test('a clock that jumps back neither opens nor closes anything', () => {
  const scene = new Scene().rows(20, 10).rows(10, 2 * DAY);
  scene.at -= 3_600_000;
  scene.rows(30, 10);
  assert.equal(scene.said.length, 1);
});

test('nobody is alarmed while nothing is learned; provisional findings say that they are', () => {
  assert.deepEqual(new Scene().rows(50, 90 * DAY, 'collecting').said, []);
  assert.equal(new Scene().rows(50, 90 * DAY, 'provisional').said[0]?.provisional, true);
});

test('the same history gives the same id, another host another one', () => {
  const play = (host: string) => new Scene(host).rows(20, 10).rows(10, 2 * DAY).said[0]?.id;
  assert.equal(play('a'), play('a'));
  assert.notEqual(play('a'), play('b'));
});

const silence = (pid: number): ProcessFinding => ({
  what: 'silence',
  culprit: culprit(pid, 1),
  since: START,
  severity: 'MEDIUM',
  score: 9,
  returnPeriodSeconds: 600,
  sentence: 'silent',
});

test('a silent process is an anomaly of its own, until it shows life or ends', () => {
  const { tracker, said } = new Scene();
  tracker.findings([silence(5)], START + 30_000, 'provisional');
  tracker.findings([silence(5)], START + 35_000, 'provisional');
  assert.equal(tracker.open()[0]?.kind, 'process');
  tracker.findings([], START + 40_000, 'provisional');
  assert.deepEqual(
    said.map(({ state, severity, since, closedAt }) => [state, severity, since, closedAt]),
    [
      ['open', 'MEDIUM', START, undefined],
      ['closed', 'MEDIUM', START, START + 40_000],
    ],
  );
});

test('what an earlier run left open is closed', () => {
  const first = new Scene().rows(20, 10).rows(10, 2 * DAY);
  const second = new Scene();
  second.tracker.close(START + 30_000, first.tracker.open());
  assert.deepEqual(
    second.said.map(({ state, closedAt }) => [state, closedAt]),
    [['closed', START + 30_000]],
  );
});
