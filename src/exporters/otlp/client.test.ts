import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loopbackTls } from '../../../test/support/loopback-tls.ts';
import { OtlpSink } from '../../../test/support/otlp-sink.ts';
import { Client, type ClientOptions } from './client.ts';
import type { LogRecord } from './log-records.ts';
import type { Report } from './otlp.ts';

const REPORT: Report = {
  ...{ from: 60_000, at: 120_500, startedAt: 1000 },
  families: [
    {
      ...{ name: 'system.disk.io', kind: 'gauge', unit: 'By/s', description: 'Bytes.' },
      points: [
        { attributes: { 'disk.io.direction': 'read' }, value: 1.5 },
        { attributes: {}, value: 0 },
      ],
    },
    {
      ...{ name: 'homeostat.losses', kind: 'counter', unit: '', description: 'Losses.' },
      points: [{ attributes: { what: 'ticks missed' }, value: 3 }],
    },
  ],
};

const RECORD: LogRecord = {
  ...{
    at: 7_000,
    observedAt: 8_000,
    eventName: 'homeostat.anomaly',
    severityNumber: 17,
    severityText: 'MEDIUM',
  },
  body: 'CPU is 97 %',
  attributes: { 'homeostat.id': 'a', 'homeostat.culprit.pids': [1, 2], 'homeostat.provisional': false },
};

function client(t: TestContext, endpoint: string, options: Partial<ClientOptions> = {}): Client {
  const made = new Client({
    ...{ endpoint, headers: {}, compression: 'gzip', timeoutMs: 1500, tls: {}, version: '1.2.3' },
    ...{ resource: { 'service.name': 'homeostat', 'host.name': 'web-1' }, onRejected: () => {} },
    ...options,
  });
  t.after(() => made.close());
  return made;
}

describe('what an OTLP endpoint gets', () => {
  it('is metrics with their names, units, kinds and times, of this machine, and the headers', async (t) => {
    const sink = await OtlpSink.start(t);
    const headers = { authorization: 'Bearer abc' };
    const sent = await client(t, `${sink.endpoint}/`, { headers }).sendReports([REPORT]);
    assert.deepEqual(sent, { ok: true });
    const [taken] = sink.taken;
    assert.equal(taken?.path, '/v1/metrics');
    assert.equal(taken.headers['content-type'], 'application/x-protobuf');
    assert.equal(taken.headers['content-encoding'], 'gzip');
    assert.equal(taken.headers.authorization, 'Bearer abc');
    assert.deepEqual(taken.resource, { 'service.name': 'homeostat', 'host.name': 'web-1' });
    assert.deepEqual(taken.metrics, [
      {
        ...{ name: 'system.disk.io', unit: 'By/s', description: 'Bytes.', kind: 'gauge' },
        points: [
          { attributes: { 'disk.io.direction': 'read' }, value: 1.5, from: 60_000, at: 120_500 },
          { attributes: {}, value: 0, from: 60_000, at: 120_500 },
        ],
      },
      {
        ...{ name: 'homeostat.losses', unit: '1', description: 'Losses.', kind: 'counter' },
        points: [{ attributes: { what: 'ticks missed' }, value: 3, from: 1000, at: 120_500 }],
      },
    ]);
  });

  it('is findings as log records', async (t) => {
    const sink = await OtlpSink.start(t);
    const sent = await client(t, sink.endpoint, { compression: 'none' }).sendRecords([RECORD]);
    assert.deepEqual(sent, { ok: true });
    assert.equal(sink.taken[0]?.path, '/v1/logs');
    assert.equal(sink.taken[0].headers['content-encoding'], undefined);
    const { observedAt: _, ...record } = RECORD;
    assert.deepEqual(sink.records, [record]);
  });

  it('goes over TLS to whom the authority certified, with a certificate of our own where one is asked for', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'homeostat-otlp-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { ca, server, client: own } = await loopbackTls(folder);
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    const sink = await OtlpSink.start(t, { tls });
    const known = await client(t, sink.endpoint, { tls: { ca, ...own } }).sendReports([REPORT]);
    assert.deepEqual(known, { ok: true });
    const unnamed = await client(t, sink.endpoint, { tls: { ca } }).sendReports([REPORT]);
    assert.equal(unnamed.ok, false);
    const strange = await client(t, sink.endpoint, { tls: own }).sendReports([REPORT]);
    assert.ok(!strange.ok && !strange.refused);
    assert.match(strange.why, /certificate/);
    assert.equal(sink.taken.length, 1);
  });
});

describe('an endpoint that does not take it', () => {
  it('is asked again when it is too busy, as it says', async (t) => {
    const sink = await OtlpSink.start(t);
    sink.answer = () =>
      sink.requests === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 };
    const sent = await client(t, sink.endpoint, { timeoutMs: 10_000 }).sendReports([REPORT]);
    assert.deepEqual(sent, { ok: true });
    assert.equal(sink.requests, 2);
  });

  it('is told from one that will never take it', async (t) => {
    const sink = await OtlpSink.start(t);
    const results = [];
    for (const status of [400, 401, 413, 500, 503]) {
      sink.answer = () => ({ status });
      const sent = await client(t, sink.endpoint, { timeoutMs: 500 }).sendReports([REPORT]);
      results.push([status, !sent.ok && sent.refused, !sent.ok && sent.why]);
    }
    assert.deepEqual(results, [
      [400, true, 'it answers HTTP 400 Bad Request'],
      [401, false, 'it answers HTTP 401 Unauthorized'],
      [413, true, 'it answers HTTP 413 Payload Too Large'],
      [500, false, 'it answers HTTP 500 Internal Server Error'],
      [503, false, 'it is busy (HTTP 429, 502, 503 or 504)'],
    ]);
  });

  it('is given up for now when it is slow or not there', async (t) => {
    const sink = await OtlpSink.start(t);
    sink.answer = () => undefined;
    const slow = await client(t, sink.endpoint, { timeoutMs: 300 }).sendReports([REPORT]);
    assert.deepEqual(slow, { ok: false, why: 'Request timed out', refused: false });
    const { endpoint } = sink;
    sink.close();
    const gone = await client(t, endpoint, { timeoutMs: 300 }).sendReports([REPORT]);
    assert.ok(!gone.ok && !gone.refused);
    assert.match(gone.why, /ECONNREFUSED/);
  });

  it('may take a part, and says so', async (t) => {
    const sink = await OtlpSink.start(t);
    // ExportMetricsServiceResponse: partial_success (1) { rejected_data_points (1): 2, error_message (2): "no" }
    const body = Uint8Array.from([0x0a, 6, 0x08, 2, 0x12, 2, 0x6e, 0x6f]);
    sink.answer = () => ({ status: 200, headers: { 'content-type': 'application/x-protobuf' }, body });
    const said: string[] = [];
    const sent = await client(t, sink.endpoint, { onRejected: (what) => said.push(what) }).sendReports([
      REPORT,
    ]);
    assert.deepEqual(sent, { ok: true });
    assert.match(said.join(), /"?rejectedDataPoints"?:"?2.*no/);
  });
});
