import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEvent } from '../../test/support/process-events.ts';
import { EXECUTABLE_STATE, type ProcessEvent } from '../model/process-event.ts';
import { type Kept, Validation, type ValidationOptions } from './validation.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

const kept = (event: Partial<ProcessEvent> = {}, other: Partial<Kept> = {}): Kept => ({
  ...{ host: 'mac', at: NOON, receivedAt: NOON, bytes: 150 },
  payload: { kind: 'process', process: processEvent(event) },
  ...other,
});

function validate(events: readonly Kept[], options: Partial<ValidationOptions> = {}) {
  const validation = new Validation({
    ...{ fileExists: () => undefined, silenceMs: 600_000, minValid: 0.95, minTypical: 0.8 },
    ...options,
  });
  for (const event of events) validation.add(event);
  return validation.report();
}

const failed = ({ checks }: ReturnType<typeof validate>): string[] =>
  checks.flatMap(({ name, passed }) => (passed ? [] : [name]));

test('every reason for which a path is valid or not is told apart', () => {
  const linux = { osType: 'linux' };
  const { executables } = validate(
    [
      kept({ ...linux, executable: '/usr/bin/here' }),
      kept({ ...linux, executable: '/usr/bin/gone' }),
      kept({ ...linux, executable: '/usr/bin/away' }, { host: 'other' }),
      kept({ ...linux, executable: '/usr/bin/gone', containerId: 'c0ffee' }),
      kept({ ...linux, executable: '/usr/bin/gone (deleted)' }),
      kept({ ...linux, executable: '/usr/bin/gone', osMetadata: { [EXECUTABLE_STATE]: 'deleted' } }),
      kept({ ...linux, executable: '', pid: 2, ppid: 0 }),
      kept({ ...linux, executable: '', pid: 40, ppid: 2 }),
      kept({ ...linux, executable: '', osMetadata: { [EXECUTABLE_STATE]: 'permission' } }),
      kept({ ...linux, executable: '', ppid: 77 }),
      kept({ ...linux, executable: 'here' }),
      kept({ executable: '', osType: 'windows', pid: 4 }),
    ],
    { fileExists: (host, path) => (host === 'mac' ? path.endsWith('here') : undefined) },
  );
  assert.deepEqual(executables.states, {
    ...{ exists: 1, missing: 1, elsewhere: 1, container: 1, deleted: 2 },
    ...{ kernel_thread: 3, permission: 1, empty: 1, malformed: 1 },
  });
  assert.equal(executables.valid, 9 / 12);
});

test('pids count once a host, executables once, users and classes each time', () => {
  const report = validate([
    kept({ pid: 1, uid: 0 }),
    kept({ pid: 1, uid: 0 }),
    kept({ pid: 1, executable: '/Applications/A.app/Contents/MacOS/A' }, { host: 'second' }),
    kept({ pid: 7, executable: '/Users/ada/tool' }, { host: 'second' }),
  ]);
  assert.deepEqual(report.unique, { pids: 3, executables: 3, exact: true });
  assert.deepEqual(report.users, { '0': 2, '501': 2 });
  assert.deepEqual(report.hosts, { mac: 2, second: 2 });
  assert.deepEqual(report.classes, { daemon: 2, application: 1, own: 1, system: 0, other: 0 });
  assert.deepEqual(report.executables.typical, { own: 1, linux: 0.5, darwin: 1, windows: 0 });
});

test('sizes of envelopes are exact, by nearest rank', () => {
  const sizes = [...Array(100).keys()].map((n) => kept({}, { bytes: 101 + n }));
  const { envelopeBytes } = validate([...sizes, kept({}, { bytes: undefined })]);
  assert.deepEqual(envelopeBytes, {
    ...{ min: 101, median: 150, p95: 195, max: 200 },
    likeMac: { from: 139, to: 163, events: 25 },
  });
  assert.equal(validate([kept({}, { bytes: undefined })]).envelopeBytes, undefined);
});

test('a host that says nothing for long has a gap; what comes late is none, nor is another host', () => {
  const at = (minutes: number, host = 'mac') => kept({}, { host, at: NOON + minutes * 60_000 });
  const { silences } = validate([at(0), at(10), at(21), at(5), at(22), at(90, 'other'), at(60)]);
  assert.equal(silences.count, 2);
  assert.deepEqual(silences.longest, [
    { host: 'mac', from: NOON + 22 * 60_000, to: NOON + 60 * 60_000 },
    { host: 'mac', from: NOON + 10 * 60_000, to: NOON + 21 * 60_000 },
  ]);
});

test('clocks that are not set or ahead are counted, and an unset one is no time of the period', () => {
  const report = validate([kept({}, { at: 0 }), kept({}, { at: NOON + 3_600_000 }), kept()]);
  assert.deepEqual(report.clocks, { unset: 1, ahead: 1 });
  assert.deepEqual([report.firstAt, report.lastAt], [NOON, NOON + 3_600_000]);
});

test('checks fail below their thresholds and say which', () => {
  assert.deepEqual(failed(validate([])), ['events']);
  assert.deepEqual(failed(validate([kept()])), []);
  assert.deepEqual(failed(validate([kept({ executable: 'x', osType: 'linux' })])), [
    'valid executable paths',
    'paths typical of their platform',
  ]);
  assert.deepEqual(failed(validate([kept({ executable: '/tmp/x', osType: 'linux' })])), [
    'paths typical of their platform',
  ]);
  assert.deepEqual(
    failed(validate([kept({ executable: '/tmp/x', osType: 'linux' })], { minTypical: 0 })),
    [],
  );
  const garbled = validate([kept(), kept({}, { payload: { kind: 'undecoded' } })]);
  assert.deepEqual([failed(garbled), garbled.undecoded], [[], 1]);
  assert.deepEqual(failed(validate([kept({}, { payload: { kind: 'flow' } })])), []);
});
