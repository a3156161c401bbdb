import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/lib/clock.ts';
import { openStore } from '../../src/store/store.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { loopbackTls } from '../support/loopback-tls.ts';
import { OtlpSink } from '../support/otlp-sink.ts';

interface HistoryFrames {
  readonly frames: readonly { readonly mean: readonly number[] }[];
}

/** A daemon that sends to `endpoint` each second. */
function sending(
  t: TestContext,
  folder: string,
  endpoint: string,
  more = '',
  timeout = '1s',
): Promise<Daemon> {
  const config = join(folder, 'homeostat.yaml');
  writeFileSync(
    config,
    `exporters:\n  otlp:\n    endpoint: ${endpoint}\n    interval: 1s\n    timeout: ${timeout}\n${more}`,
  );
  return Daemon.start(t, folder, { args: ['--config', config] });
}

async function until(wanted: () => boolean, what: string): Promise<void> {
  for (let end = Date.now() + 30_000; !wanted(); await sleep(50))
    if (Date.now() > end) throw new Error(`${what} did not come`);
}

const lossOf = async (daemon: Daemon): Promise<number> =>
  (await daemon.status()).coverage.losses.find(({ what }) => what === 'metrics not exported')?.count ?? 0;

describe('a daemon that sends by OTLP', () => {
  it('sends what its history has, says who it is, and its headers come from a file', async (t) => {
    const folder = ownFolder(t);
    writeFileSync(join(folder, 'headers'), 'authorization=Bearer%20a-secret-of-this-test\n', { mode: 0o600 });
    const sink = await OtlpSink.start(t);
    const daemon = await sending(t, folder, sink.endpoint, '    headers_file: headers\n');
    await until(() => sink.taken.length >= 6, 'six reports');
    const [first] = sink.taken;
    assert.equal(first?.headers.authorization, 'Bearer a-secret-of-this-test');
    const { host, version } = await daemon.status();
    assert.equal(first.resource['host.name'], host.name);
    assert.equal(first.resource['host.id'], host.id);
    assert.equal(first.resource['service.version'], version);
    assert.equal(first.resource['os.type'], 'linux');
    const load = sink.metrics.filter(({ name }) => name === 'system.memory.linux.available');
    assert.ok(load.every(({ kind, unit }) => kind === 'gauge' && unit === 'By'));
    const cpu = sink.metrics.find(({ name }) => name === 'process.cpu.time');
    assert.deepEqual([cpu?.kind, cpu?.unit], ['counter', 's']);
    // What the daemon still holds in memory is written each few seconds.
    await sleep(6000);
    const query = {
      metric: 'system.memory.linux.available',
      from: Date.now() - 60_000,
      to: Date.now(),
      resolution: 1,
    };
    const { frames } = await daemon.client.get<HistoryFrames>('history', query);
    const kept = [...frames[0]!.mean].sort((one, other) => one - other);
    const [low, high] = [kept[0]!, kept.at(-1)!];
    for (const { points } of load.slice(0, 6)) {
      // A report may span the edge of two seconds: then it is their mean.
      assert.ok(points[0]!.value >= low - 4096 && points[0]!.value <= high + 4096);
    }
    assert.equal((await daemon.end()).code, 0);
    assert.doesNotMatch(daemon.log(), /a-secret-of-this-test/);
  });

  it('sends findings as log records', async (t) => {
    const folder = ownFolder(t);
    const store = openStore({ folder: join(folder, 'data'), clock: systemClock });
    const since = Date.now() - 600_000;
    const sentence = 'CPU use is 90 % (usually 1 to 5 %).';
    // The next start closes it: nobody watched since.
    store.appendAnomaly({
      ...{ schema: 1, id: 'left-open', host: 'test', kind: 'machine', state: 'open', provisional: false },
      ...{ since, raisedAt: since, severity: 'MEDIUM', score: 4, returnPeriodSeconds: 700_000, sentence },
      ...{ metrics: [], culprits: [] },
    });
    store.close();
    const sink = await OtlpSink.start(t);
    await sending(t, folder, sink.endpoint, '    metrics: false\n');
    const told = (name: string) => sink.records.find(({ eventName }) => eventName === name);
    await until(() => Boolean(told('homeostat.anomaly') && told('homeostat.incident')), 'both records');
    const anomaly = told('homeostat.anomaly')!;
    assert.deepEqual([anomaly.severityNumber, anomaly.severityText, anomaly.body], [9, 'MEDIUM', sentence]);
    assert.equal(anomaly.attributes['homeostat.id'], 'left-open');
    assert.equal(anomaly.attributes['homeostat.state'], 'closed');
    const incident = told('homeostat.incident')!;
    assert.equal(incident.body, sentence);
    assert.deepEqual(incident.attributes['homeostat.signals'], ['left-open']);
    assert.deepEqual(sink.metrics, []);
  });

  it('goes on without its endpoint, and sends what waited when it is there again', async (t) => {
    const folder = ownFolder(t);
    const reserved = await OtlpSink.start(t);
    const { port } = reserved;
    reserved.close();
    const daemon = await sending(t, folder, `http://localhost:${port}`);
    await daemon.until(() => /metrics cannot be exported/.test(daemon.log()), 'the complaint');
    await sleep(2000);
    const said = await homeostat(folder, ['status', '--data', 'data']);
    assert.match(
      said.stdout,
      /^OTLP +to http:.*, which does NOT take it: .*ECONNREFUSED.*; 0 reports and 0 findings .*; \d+ wait$/m,
    );
    const sink = await OtlpSink.start(t, { port });
    await until(() => sink.taken.length >= 3, 'what waited');
    const times = sink.metrics
      .filter(({ name }) => name === 'process.uptime')
      .map(({ points }) => points[0]!.at);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    const { coverage } = await daemon.status();
    assert.deepEqual(
      coverage.losses.filter(({ what }) => what.endsWith('exported')),
      [],
    );
    await until(() => /metrics are exported to .* again/.test(daemon.log()), 'the good news');
    const { otlp } = await daemon.status();
    assert.equal(otlp?.problem, undefined);
    assert.ok(otlp!.metrics.sent >= 3);
  });

  it('is unharmed by endpoints that refuse, are busy or are slow, and counts', async (t) => {
    const folder = ownFolder(t);
    const sink = await OtlpSink.start(t);
    sink.answer = () => ({ status: 400 });
    const daemon = await sending(t, folder, sink.endpoint);
    await until(() => sink.requests >= 3, 'three requests');
    await daemon.until(
      ({ coverage }) => coverage.losses.some(({ what }) => what === 'metrics not exported'),
      'the loss',
    );
    assert.match(
      await (await fetch(`${daemon.client.run.address}/metrics`)).text(),
      /^homeostat_losses_total\{what="metrics not exported"\} [1-9]/m,
    );
    sink.answer = () => ({ status: 429, headers: { 'retry-after': '30' } });
    await daemon.until(() => /it is busy/.test(daemon.log()), 'the second complaint');
    sink.answer = () => undefined;
    await daemon.until(() => /timed out/.test(daemon.log()), 'the third complaint');
    const lost = await lossOf(daemon);
    const { lastSampleAt, coverage } = await daemon.status();
    assert.ok(Date.now() - lastSampleAt! < 3000);
    assert.deepEqual(
      coverage.losses.map(({ what }) => what),
      ['metrics not exported'],
    );
    assert.ok(lost >= 1);
    assert.equal((await daemon.end()).code, 0);
  });

  it('does not wait at its end for a repetition that is planned', async (t) => {
    const folder = ownFolder(t);
    const sink = await OtlpSink.start(t);
    sink.answer = () => ({ status: 429, headers: { 'retry-after': '50' } });
    const daemon = await sending(t, folder, sink.endpoint, '', '1m');
    await until(() => sink.requests >= 1, 'a request');
    const isLate = new Promise((resolve) => setTimeout(resolve, 30_000, 'it is late').unref());
    const ended = await Promise.race([daemon.end(), isLate]);
    assert.equal((ended as { code: number }).code, 0);
  });

  it('sends over TLS only to whom the authority certified', async (t) => {
    const folder = ownFolder(t);
    const { ca, server } = await loopbackTls(folder);
    writeFileSync(join(folder, 'ca.pem'), ca);
    const sink = await OtlpSink.start(t, { tls: server });
    const daemon = await sending(t, folder, sink.endpoint, `    ca_file: ${join(folder, 'ca.pem')}\n`);
    await until(() => sink.taken.length >= 1, 'a report');
    await daemon.end();
    const untrusting = ownFolder(t);
    const other = await sending(t, untrusting, sink.endpoint);
    await other.until(() => /metrics cannot be exported.*certificate/.test(other.log()), 'the complaint');
  });
});
