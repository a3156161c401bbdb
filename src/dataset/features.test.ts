import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEvent } from '../../test/support/process-events.ts';
import { PROCESS_LIFE, type ProcessEvent } from '../model/process-event.ts';
import { FEATURE_COLUMNS, features, type TimedProcess } from './features.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const WINDOW = 30_000;

type Row = Record<string, unknown>;

/** Rows by column of what was seen `seconds` after noon. */
function rows(seen: readonly TimedProcess[], windowMs = WINDOW): Row[] {
  const pieces = [...features(seen, windowMs, seen.length)];
  return pieces.flatMap((piece) =>
    [...piece.rows].map((cells) =>
      Object.fromEntries(FEATURE_COLUMNS.map(({ name }, index) => [name, cells[index]])),
    ),
  );
}

const seen = (seconds: number, event: Partial<ProcessEvent> = {}, host = 'mac'): TimedProcess => ({
  ...{ host, at: NOON + seconds * 1000 },
  process: processEvent(event),
});

/** Programs by their paths as pids from 1 on, all sent at once. */
const cycle = (seconds: number, paths: readonly string[]): TimedProcess[] =>
  paths.map((executable, index) => seen(seconds, { pid: index + 1, executable, args: ['ab', 'cde'] }));

const column = (all: readonly Row[], name: string): unknown[] => all.map((row) => row[name]);
const announced = (life: string, event: Partial<ProcessEvent> = {}): Partial<ProcessEvent> => ({
  ...event,
  osMetadata: { [PROCESS_LIFE]: life },
});

test('a sender of everything tells starts and ends by what it repeats, but not in its first window', () => {
  const all = rows([
    ...cycle(0, ['/bin/a', '/bin/b']),
    ...cycle(30, ['/bin/a', '/bin/b', '/bin/c']),
    ...cycle(60, ['/bin/a']),
    ...cycle(90, ['/bin/a']),
    ...cycle(120, ['/bin/a']),
    ...cycle(150, ['/bin/a']),
  ]);
  assert.deepEqual(column(all, 'system.process.created'), [undefined, 1, 0, 0, 0, 0]);
  // Silent for 90 s at 120 s, which is the end of the window from 90 s.
  assert.deepEqual(column(all, 'process.ended'), [undefined, 0, 0, 2, 0, 0]);
  assert.deepEqual(column(all, 'system.process.count'), [2, 3, 3, 1, 1, 1]);
  assert.deepEqual(column(all, 'system.process.count.delta'), [undefined, 1, 0, -2, 0, 0]);
});

test('a sender that announces is believed, and its silence means nothing', () => {
  const all = rows([
    seen(0, announced('start', { pid: 1 })),
    seen(1, announced('start', { pid: 2 })),
    seen(2, announced('end', { pid: 2 })),
    seen(600, announced('change', { pid: 1 })),
    seen(601, announced('snapshot', { pid: 3 })),
  ]);
  assert.deepEqual(column(all, 'system.process.created'), [2, 0]);
  assert.deepEqual(column(all, 'process.ended'), [1, 0]);
  assert.deepEqual(column(all, 'system.process.count'), [1, 2]);
});

test('a pid with another start time is another process; one without a start time by its program', () => {
  const all = rows([
    seen(0, { pid: 1 }),
    seen(30, { pid: 1, startedNs: 5n }),
    seen(60, { pid: 1, startedNs: 0n, executable: '/bin/a' }),
    seen(61, { pid: 1, startedNs: 0n, executable: '/bin/a' }),
    seen(62, { pid: 1, startedNs: 0n, executable: '/bin/b' }),
  ]);
  assert.deepEqual(column(all, 'system.process.created'), [undefined, 1, 2]);
  assert.deepEqual(column(all, 'process.ended'), [undefined, 1, 2]);
});

test('after a silence of the whole host nobody knows what started and ended meanwhile', () => {
  const all = rows([...cycle(0, ['/bin/a']), ...cycle(30, ['/bin/a']), ...cycle(300, ['/bin/a', '/bin/b'])]);
  assert.deepEqual(column(all, 'system.process.created'), [undefined, 0, undefined]);
  assert.deepEqual(column(all, 'process.ended'), [undefined, 0, undefined]);
  assert.deepEqual(column(all, 'events.delta'), [undefined, 0, undefined], 'no window stands before it');
});

test('diversity is the entropy of the shares of programs', () => {
  const [even, one, mixed] = rows([
    ...cycle(0, ['/bin/a', '/bin/b', '/bin/c', '/bin/d']),
    ...cycle(1000, ['/bin/a', '/bin/a']),
    ...cycle(2000, ['/bin/a', '/bin/a', '/bin/b', '', '/bin/c']),
  ]);
  const diversity = (row: Row | undefined) =>
    ['unique', 'entropy', 'evenness'].map((name) => row?.[`process.executable.${name}`]);
  assert.deepEqual(diversity(even), [4, 2, 1]);
  assert.deepEqual(diversity(one), [1, 0, undefined]);
  assert.deepEqual(diversity(mixed), [3, 1.5, 1.5 / Math.log2(3)]);
});

test('classes are shares of all that were there, arguments are measured in characters', () => {
  const [row] = rows([
    seen(0, { pid: 1, executable: '/usr/bin/a', osType: 'linux', args: ['ab', 'cde'], uid: 0 }),
    seen(0, { pid: 2, ppid: 0, executable: '', osType: 'linux', args: [] }),
    seen(0, { pid: 3, executable: '/opt/b', osType: 'linux', args: ['0123456789'] }),
    seen(0, { pid: 4, executable: '/mnt/c', osType: 'linux', args: [] }),
  ]);
  const ratio = (name: string) => row?.[`process.class.${name}.ratio`];
  assert.deepEqual(['system', 'application', 'other', 'daemon', 'own'].map(ratio), [0.5, 0.25, 0.25, 0, 0]);
  assert.equal(row?.['process.command_line.length.mean'], 4);
  assert.equal(row?.['process.command_line.length.max'], 10);
  assert.equal(row?.['process.args_count.mean'], 0.75);
  assert.equal(row?.['process.user.unique'], 2);
});

test('an executable is rare in at most one of twenty windows, and new in its first', () => {
  const windows = [...Array(41).keys()].flatMap((n) =>
    cycle(30 * n, n === 19 || n === 40 ? ['/bin/a', '/tmp/x'] : ['/bin/a']),
  );
  // Each is sent once, and is there for three windows: 90 s must pass before it counts as ended.
  const all = rows(windows);
  assert.deepEqual(column(all, 'process.executable.new').slice(0, 2), [undefined, 0]);
  assert.equal(all[19]?.['process.executable.new'], 1);
  assert.equal(all[18]?.['process.executable.rare'], undefined);
  assert.equal(all[19]?.['process.executable.rare'], 1);
  assert.equal(all[20]?.['process.executable.rare'], 0, 'two of 21 windows are too many');
  assert.equal(all[40]?.['process.executable.new'], 0);
});

test('rolling means go over the windows that there were among the last ten', () => {
  const all = rows([0, 1, 2, 11, 12].flatMap((n) => cycle(30 * n, Array(n + 1).fill('/bin/a') as string[])));
  assert.deepEqual(column(all, 'events.mean_10'), [1, 1.5, 2, (3 + 12) / 2, (12 + 13) / 2]);
});

test('hosts have rows of their own, by name, and windows of five minutes hold ten of thirty seconds', () => {
  const events = [...Array(20).keys()].flatMap((n) => [
    seen(30 * n, { pid: 1 }, 'b'),
    seen(30 * n + 1, { pid: 1 }, 'a'),
  ]);
  assert.deepEqual(column(rows(events).slice(0, 4), 'host.name'), ['a', 'b', 'a', 'b']);
  assert.equal(rows(events).length, 40);
  const long = rows(events, 300_000);
  assert.deepEqual(column(long, 'events'), [10, 10, 10, 10]);
  assert.deepEqual(column(long, 'time'), [NOON, NOON, NOON + 300_000, NOON + 300_000]);
});

test('going on after a window gives the rows that the whole gives', () => {
  const events = [...Array(60).keys()].flatMap((n) => cycle(20 * n, ['/bin/a', `/bin/${n % 7}`]));
  const whole = [...features(events, WINDOW, 1)].map((piece) => ({ ...piece, rows: [...piece.rows] }));
  const [, , third] = whole;
  const rest = features(events, WINDOW, 1).filter(({ position }) => position > third!.position);
  assert.deepEqual(
    [...rest].flatMap((piece) => [...piece.rows]),
    whole.slice(3).flatMap((piece) => piece.rows),
  );
});
