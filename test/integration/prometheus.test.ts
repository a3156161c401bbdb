import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { grafanaDashboard } from '../../src/exporters/grafana/dashboard.ts';
import { METRICS, type MetricName } from '../../src/model/names.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { enrol, HubProcess } from '../support/hub.ts';
import { promtool, type Sampled, Scraper } from '../support/prometheus.ts';
import { withHistory } from '../support/stored-history.ts';

const TOKEN = 'a-token-of-this-test-alone';

interface HistoryFrames {
  readonly frames: readonly { readonly at: readonly number[]; readonly mean: readonly number[] }[];
}

/** A job that scrapes `address` each second. */
const job = (name: string, address: string, token: string): string =>
  `  - {job_name: ${name}, scrape_interval: 1s, authorization: {credentials: ${token}}, static_configs: [{targets: ['${new URL(address).host}']}]}\n`;

/** A daemon with a token that a scraper has read for some seconds. */
async function scraped(t: TestContext, program: 'prometheus' | 'victoria-metrics') {
  const folder = ownFolder(t);
  const daemon = await Daemon.start(t, folder, { env: { HOMEOSTAT_TOKEN: TOKEN } });
  const { address } = daemon.client.run;
  const jobs = job('homeostat', address, TOKEN) + job('stranger', address, 'a-token-that-is-wrong');
  const scraper = await Scraper.start(t, folder, program, `scrape_configs:\n${jobs}`);
  await scraper.until(
    'count_over_time(system_memory_utilization_ratio{job="homeostat"}[1m])',
    ([found]) => (found?.values[0]?.[1] ?? 0) >= 6,
  );
  return { daemon, scraper, address };
}

/** The values that a scraper has of a metric are those of the history, each of the moment at which it was read. */
async function sameAsHistory(daemon: Daemon, key: string, [found]: readonly Sampled[]): Promise<void> {
  assert.ok(found && found.values.length >= 3, `${key} was scraped`);
  const from = Math.floor(found.values[0]![0] * 1000) - 5000;
  const to = Math.ceil(found.values.at(-1)![0] * 1000) + 1000;
  const query = { metric: key, from, to, resolution: 1 };
  const { frames } = await daemon.client.get<HistoryFrames>('history', query);
  const { at, mean } = frames[0]!;
  const { precision } = METRICS[key.replace(/\{.*/, '') as MetricName];
  for (const [seconds, value] of found.values) {
    const near = mean.filter((_, index) => Math.abs(at[index]! - seconds * 1000) <= 3500);
    assert.ok(
      near.some((kept) => Math.abs(kept - value) <= precision),
      `${key} was scraped as ${value}; the history has ${near.join(' ')}`,
    );
  }
}

describe('/metrics of a daemon', () => {
  for (const program of ['prometheus', 'victoria-metrics'] as const)
    it(`gives ${program} the values that the history has, and strangers none`, async (t) => {
      const { daemon, scraper } = await scraped(t, program);
      const up = await scraper.query('up');
      assert.deepEqual(Object.fromEntries(up.map(({ metric, values }) => [metric.job, values[0]![1]])), {
        homeostat: 1,
        stranger: 0,
      });
      const memory = await scraper.query('system_memory_usage_bytes{system_memory_state="free"}[10s]');
      const switches = await scraper.query('system_linux_context_switches_per_second[10s]');
      const busy = await scraper.query('system_cpu_utilization_ratio{cpu_mode=""}[10s]');
      const processes = await scraper.query('system_processes{process_state=""}[10s]');
      // What the daemon still holds in memory is written each few seconds.
      await sleep(6000);
      await sameAsHistory(daemon, 'system.memory.usage{system.memory.state=free}', memory);
      await sameAsHistory(daemon, 'system.linux.context_switches', switches);
      await sameAsHistory(daemon, 'system.cpu.utilization', busy);
      await sameAsHistory(daemon, 'system.process.count', processes);
      const [version] = await scraper.query('homeostat_build_info');
      assert.equal(version?.metric.version, (await daemon.status()).version);
    });

  it('is a page that promtool has no complaints about, in both formats for whoever asks', async (t) => {
    const folder = ownFolder(t);
    const daemon = await Daemon.start(t, folder);
    await daemon.until(({ lastSampleAt }) => lastSampleAt !== undefined, 'the first sample');
    const page = `${daemon.client.run.address}/metrics`;
    const text = await fetch(page);
    assert.equal(text.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(promtool(await text.text()), '');
    const open = await fetch(page, { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
    assert.equal(
      open.headers.get('content-type'),
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    const lines = await open.text();
    assert.match(lines, /^# TYPE process_cpu_time_seconds counter$/m);
    assert.match(lines, /^process_cpu_time_seconds_total \d/m);
    assert.ok(lines.endsWith('# EOF\n'));
    const unknown = await fetch(`${page}?host=web-1`);
    assert.equal(unknown.status, 400);
    await unknown.body?.cancel();
  });
});

describe('/metrics of a hub', () => {
  it('has each host by its name, and all of one host for whoever asks', async (t) => {
    const folder = ownFolder(t);
    const hubData = join(folder, 'hub');
    const hub = await HubProcess.start(hubData);
    t.after(() => hub.end('SIGKILL'));
    await enrol(join(folder, 'data'), hubData, 'web-1', hub.address);
    await Daemon.start(t, folder, { command: 'agent' });
    const config = job('hub', hub.figures, 'none');
    const scraper = await Scraper.start(t, folder, 'prometheus', `scrape_configs:\n${config}`);
    const heard = (found: readonly Sampled[]): boolean => found.length > 0;
    const [memory] = await scraper.until('system_memory_utilization_ratio{host="web-1"}', heard);
    assert.ok(memory!.values[0]![1] > 0 && memory!.values[0]![1] < 1);
    await scraper.until('homeostat_host_state{host="web-1",state="up"} == 1', heard);
    const [incidents] = await scraper.query('homeostat_host_incidents_open{host="web-1"}');
    assert.equal(incidents?.values[0]?.[1], 0);
    assert.deepEqual(await scraper.query('system_memory_usage_bytes'), []);
    const page = await (await fetch(`${hub.figures}/metrics`)).text();
    assert.equal(promtool(page), '');
    const ofHost = await (await fetch(`${hub.figures}/metrics?host=web-1`)).text();
    assert.equal(promtool(ofHost), '');
    assert.match(ofHost, /^system_memory_usage_bytes\{host="web-1",system_memory_state="free"\} [\d.]+$/m);
    const nobody = await fetch(`${hub.figures}/metrics?host=web-2`);
    assert.equal(nobody.status, 404);
    await nobody.body?.cancel();
  });
});

/** What machines may be without: disks that the kernel tells of, and pressure. */
const MAY_BE_MISSING = /^system_(disk|linux_pressure)_/;

describe('the dashboard for Grafana', () => {
  it('shows something in every panel', async (t) => {
    const folder = ownFolder(t);
    const hubData = join(folder, 'hub');
    const hub = await HubProcess.start(hubData);
    t.after(() => hub.end('SIGKILL'));
    await enrol(join(folder, 'data'), hubData, 'web-1', hub.address);
    // A model, so that there is a score.
    const start = new Date(withHistory(folder)).toISOString();
    const data = ['--data', 'data'];
    const trained = await homeostat(folder, ['train', ...data, '--from', start, '--detectors', 'baselines']);
    assert.equal(trained.code, 0, trained.stderr);
    assert.equal((await homeostat(folder, ['model', 'promote', 'candidate', ...data])).code, 0);
    const daemon = await Daemon.start(t, folder, { command: 'agent' });
    const { address } = daemon.client.run;
    const jobs = job('homeostat', address, 'none') + job('hub', hub.figures, 'none');
    const scraper = await Scraper.start(t, folder, 'prometheus', `scrape_configs:\n${jobs}`);
    await scraper.until('homeostat_score{host=""}', (found) => found.length > 0);
    await scraper.until('homeostat_score{host="web-1"}', (found) => found.length > 0);
    const page = await (await fetch(`${address}/metrics`)).text();
    const { panels, templating } = grafanaDashboard();
    const empty: string[] = [];
    for (const { expr } of panels.flatMap(({ targets }) => targets)) {
      const asked = expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(instance|host)/g, '.*');
      const [name = ''] = /(system|homeostat|process|bus|hub)_\w+/.exec(asked) ?? [];
      if (MAY_BE_MISSING.test(name) && !page.includes(`\n${name}`)) continue;
      if ((await scraper.query(asked)).length === 0) empty.push(asked);
    }
    assert.deepEqual(empty, []);
    for (const { query } of templating.list.slice(1)) {
      const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec((query as { query: string }).query)!;
      const found = await scraper.query(series!.replaceAll(/\$instance/g, '.*'));
      assert.ok(
        found.some(({ metric }) => metric[label!]),
        series,
      );
    }
  });
});
