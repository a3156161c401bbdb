import { hostname } from 'node:os';
import {
  type HistoryRow,
  historyRows,
  ReplayedSide,
  type ReplayPeriod,
  ReplayScorer,
  type ReplaySide,
  type TimedSignal,
  timedSignals,
} from '../../agent/replay.ts';
import type { Settings } from '../../agent/settings.ts';
import { readFeedback } from '../../alert/incidents/feedback-file.ts';
import { policyOf } from '../../alert/incidents/settings.ts';
import type { Culprit } from '../../model/anomaly.ts';
import type { History } from '../../model/history.ts';
import type { Incident, Signal } from '../../model/incident.ts';
import type { MachineModel } from '../../model/machine-model.ts';
import { openIncidents } from '../../store/incident-file.ts';
import type { ReplayOptions } from '../commands/replay.ts';
import { openRegistry } from '../models/registry.ts';
import { showProgress } from '../progress.ts';
import { readSettings } from '../settings.ts';
import { withHistory } from '../with-history.ts';
import { type Differences, differencesOf } from './differences.ts';
import { type Played, renderReplay } from './render.ts';

/** Where nothing comes, time passes in steps of so much. */
const LOOK_MS = 10_000;
/** How far back seasons are sought. */
const SEASONS_MS = 40 * 86_400_000;

/** What both sides are made of. */
interface Recorded {
  readonly period: ReplayPeriod;
  readonly history: History;
  /** All that was found in the period, and who did it. */
  readonly signals: readonly Signal[];
  /** What was kept of the period, and what was over before it. */
  readonly incidents: readonly Incident[];
  readonly before: readonly Incident[];
  readonly data: string;
}

/** `homeostat replay`. Throws a UserError where there is no history, no such model, or the configuration is wrong. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { data, from, to, model, config, json } = options;
  const usual = await readSettings();
  const tried = config === undefined ? usual : await readSettings({ config });
  const { played, differences } = await withHistory(data, (history) => {
    const recorded = recordedOf(data, history, { from, to });
    return model === undefined && config === undefined
      ? again(recorded, usual)
      : compared(recorded, {
          usual,
          tried,
          ...(model !== undefined && { model }),
          ...(config !== undefined && { config }),
        });
  });
  console.log(
    json ? JSON.stringify({ ...played, ...differences }, null, 2) : renderReplay(played, differences),
  );
}

interface Answer {
  readonly played: Played;
  readonly differences: Differences;
}

function recordedOf(data: string, history: History, period: ReplayPeriod): Recorded {
  const { from, to } = period;
  const archive = openIncidents(data);
  const list = (begin: number, end: number): readonly Incident[] =>
    archive?.list({ from: begin, to: end }) ?? [];
  try {
    return {
      ...{ data, history, period, signals: [...history.anomalies(period), ...history.breaches(period)] },
      incidents: list(from, to).filter(({ since }) => since >= from),
      before: list(from - SEASONS_MS, from).filter(
        ({ closedAt }) => closedAt !== undefined && closedAt < from,
      ),
    };
  } finally {
    archive?.close();
  }
}

/** What was found makes incidents anew, and they are held against those that are kept. */
function again(recorded: Recorded, settings: Settings): Answer {
  const { period, signals, incidents } = recorded;
  const side = new ReplayedSide(sideOf(recorded, settings));
  play([side], timedSignals(signals, period), [], period, () => {});
  const played = {
    ...period,
    before: 'kept',
    after: 'replayed',
    rows: 0,
    seconds: 0,
    signals: signals.length,
    notes: [],
  };
  return { played, differences: differencesOf(incidents, side.incidents()) };
}

interface Trial {
  readonly usual: Settings;
  readonly tried: Settings;
  readonly model?: string;
  readonly config?: string;
}

/** The same seconds on both sides: as it is set up now, and as it is tried. */
function compared(recorded: Recorded, { usual, tried, model, config }: Trial): Answer {
  const { period, signals, history, data } = recorded;
  const registry = openRegistry(data);
  const current = registry.load('current');
  const other = model === undefined ? current : registry.load(model);
  const keys = history.series().map(({ key }) => key);
  const rows = historyRows(history, keys, period);
  const first = rows.next();
  const from = first.done ? period.to : first.value.tick.at;
  const scorers = new Map([current, other].map((one) => [one.id, new ReplayScorer(one, history, from)]));
  const sides = [
    new ReplayedSide(sideOf(recorded, usual, scorers.get(current.id), from)),
    new ReplayedSide(sideOf(recorded, tried, scorers.get(other.id), from)),
  ] as const;
  // Where there are no seconds any more, what was found is taken as it was.
  const taken = signals.filter(({ kind, raisedAt }) => kind === 'process' || raisedAt < from);
  const counted = { rows: 0, seconds: 0 };
  const progress = showProgress('rows');
  const begin = performance.now();
  play(sides, timedSignals(taken, period), withFirst(first, rows), period, (at) => {
    counted.rows++;
    progress.step(1, (at - from) / (period.to - from));
  });
  progress.end();
  counted.seconds = (performance.now() - begin) / 1000;
  const notes = [
    ...(from > period.from + LOOK_MS
      ? [
          `Seconds are kept since ${new Date(from).toLocaleString('sv')}: before, what was found is taken as it was`,
        ]
      : []),
    ...[...new Map([current, other].map((one) => [one.id, one])).values()].flatMap((one) =>
      learnedFrom(one, from, period.to),
    ),
    'Who did it is what was recorded at that time; findings of single processes are taken as they were',
  ];
  const after = [...(model === undefined ? [] : [other.id]), ...(config === undefined ? [] : [config])].join(
    ', ',
  );
  const played = { ...period, before: 'now', after, ...counted, signals: taken.length, notes };
  return { played, differences: differencesOf(sides[0].incidents(), sides[1].incidents()) };
}

/** A model finds less in what it has learned. */
function learnedFrom(
  { id, trainedFrom, trainedTo }: MachineModel,
  from: number,
  to: number,
): readonly string[] {
  return trainedFrom < to && trainedTo > from
    ? [`${id} has learned from a part of this period, and finds less in it`]
    : [];
}

function sideOf(recorded: Recorded, settings: Settings, scorer?: ReplayScorer, first?: number): ReplaySide {
  const { data, before, signals, incidents, history } = recorded;
  const policy = policyOf(settings.incidents, (_, named) => named === hostname());
  const side = { policy, feedback: readFeedback(data), before };
  if (!scorer || first === undefined) return side;
  const host = signals[0]?.host ?? incidents[0]?.host ?? hostname();
  const culprits = (from: number, to: number): readonly Culprit[] => culpritsOf(signals, from, to);
  const { alarms, limits } = settings;
  return {
    ...side,
    alarms: { scorer, host, culprits, alarmsPerWeek: alarms.per_week, limits, history, from: first },
  };
}

/** Who was named by what was found of the machine at that time. */
function culpritsOf(signals: readonly Signal[], from: number, to: number): readonly Culprit[] {
  const found = signals.find(
    ({ kind, since, closedAt = to, culprits }) =>
      kind !== 'process' && since < to && closedAt >= from && culprits.length > 0,
  );
  return found?.culprits ?? [];
}

function* withFirst(first: IteratorResult<HistoryRow>, rest: Iterable<HistoryRow>): Generator<HistoryRow> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Rows and signals in the order of time, to each side. */
function play(
  sides: readonly ReplayedSide[],
  signals: readonly TimedSignal[],
  rows: Iterable<HistoryRow>,
  { from, to }: ReplayPeriod,
  onRow: (at: number) => void,
): void {
  let next = 0;
  let now = from;
  const until = (at: number): void => {
    for (; next < signals.length && signals[next]!.at <= at; next++) {
      const one = signals[next]!;
      pass(one.at);
      for (const side of sides) side.signal(one.signal, one.at);
    }
  };
  const pass = (at: number): void => {
    for (now += LOOK_MS; now < at; now += LOOK_MS) for (const side of sides) side.look(now);
    now = at;
  };
  const scorers = new Set(sides.map(({ scorer }) => scorer));
  for (const row of rows) {
    const { at } = row.tick;
    until(at);
    pass(at);
    const scores = new Map([...scorers].map((scorer) => [scorer, scorer?.score(row)]));
    for (const side of sides) side.tick(row.tick, scores.get(side.scorer));
    onRow(at);
  }
  until(to);
  pass(to);
  for (const side of sides) side.look(to);
}
