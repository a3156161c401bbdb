import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { UniversalEnvelope } from '../proto/generated/messaging/messaging.ts';
import { readPayload } from '../src/bus/payload.ts';
import { createProcessScanner } from '../src/collect/process/linux.ts';
import { RecordedHost, type Recording } from '../src/collect/recorded-host.ts';
import { FEATURE_COLUMNS, features, type TimedProcess } from '../src/dataset/features.ts';
import { Validation } from '../src/dataset/validation.ts';
import type { Process } from '../src/model/process.ts';

/** As a client that reads /proc sends it. */
const envelopeOf = (process: Process, at: number): Uint8Array =>
  UniversalEnvelope.encode(
    UniversalEnvelope.fromPartial({
      ...{ version: '1', tsNs: BigInt(at) * 1_000_000n, idempotencyKey: `${process.id}_${at}` },
      process: {
        ...{ pid: BigInt(process.pid), ppid: BigInt(process.ppid), exe: process.executable ?? '' },
        args: process.invokedAs === undefined ? [] : [process.invokedAs, ...process.args],
        startTsNs: BigInt(Math.round(process.startedAt)) * 1_000_000n,
        ...{ uid: process.uid ?? 0, gid: process.gid ?? 0 },
      },
    }),
  ).finish();

/** Envelopes of all processes of a recorded machine, three times, 30 s apart. */
function* recorded(): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  const file = new URL('hosts/many-processes/host.json.gz', import.meta.url);
  const host = new RecordedHost(JSON.parse(gunzipSync(readFileSync(file)).toString()) as Recording);
  const scanner = createProcessScanner(host);
  const { processes } = scanner.scan(host.seek(0), true);
  const begin = Date.UTC(2026, 10, 21, 12);
  for (const at of [begin, begin + 30_000, begin + 60_000])
    for (const process of processes) yield { at, bytes: envelopeOf(process, at) };
}

test('a recorded machine of hundreds of processes is valid, and its windows are its own', () => {
  const validation = new Validation({
    ...{ fileExists: () => undefined, silenceMs: 600_000, minValid: 0.95, minTypical: 0.8 },
  });
  const timed: TimedProcess[] = [];
  for (const { at, bytes } of recorded()) {
    const payload = readPayload('messaging.UniversalEnvelope', bytes);
    validation.add({ host: 'recorded', at, receivedAt: at, bytes: bytes.length, payload });
    assert.ok(payload.kind === 'process');
    timed.push({ host: 'recorded', at, process: payload.process });
  }
  const report = validation.report();
  assert.deepEqual(
    report.checks.map(({ passed }) => passed),
    [true, true, true],
    JSON.stringify(report.executables),
  );
  assert.equal(report.events, 3 * report.unique.pids);
  const { exists, elsewhere } = report.executables.states;
  assert.deepEqual([exists, elsewhere > 1000], [0, true], 'nobody looks at the files of another host');
  const rows = [...features(timed, 30_000, timed.length)].flatMap((piece) => [...piece.rows]);
  const column = (name: string) => {
    const index = FEATURE_COLUMNS.findIndex((one) => one.name === name);
    return rows.map((cells) => cells[index]);
  };
  assert.deepEqual(column('system.process.count'), Array(3).fill(report.unique.pids));
  assert.deepEqual(column('system.process.created'), [undefined, 0, 0]);
  const [entropy] = column('process.executable.entropy');
  assert.ok(typeof entropy === 'number' && entropy > 0 && entropy < Math.log2(report.unique.executables));
});
