import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HostState } from '../../model/host.ts';
import { series } from '../../model/metric.ts';
import { HubPage, MOST_HOSTS, type ToldHost } from './hub-page.ts';

const host = (name: string, state: HostState = 'up'): ToldHost => ({
  summary: { name, state, openAnomalies: 2, worst: 'HIGH', seenAt: 7000 },
  openIncidents: 1,
  latest: {
    at: 6000,
    metrics: [
      { series: series('system.memory.utilization'), value: 0.25 },
      { series: series('system.disk.io', { 'system.device': 'sda' }), value: 3 },
    ],
  },
});

const pageOf = (hosts: readonly ToldHost[], name?: string, accept?: string): string | undefined => {
  const page = new HubPage({
    figures: () => '# TYPE bus_ok_total counter\nbus_ok_total 4\n',
    hosts: () => hosts,
  });
  const made = page.page(accept, name);
  return made && [...made.parts].join('');
};

describe('the page of a hub', () => {
  it('has the metrics that are of a host as a whole, by host, and those of devices on the page of that host', () => {
    const hosts = [host('a'), host('b')];
    const all = pageOf(hosts)!;
    assert.match(all, /^bus_ok_total 4$/m);
    assert.match(
      all,
      /^# TYPE system_memory_utilization_ratio gauge\nsystem_memory_utilization_ratio\{host="a"\} 0.25\nsystem_memory_utilization_ratio\{host="b"\} 0.25$/m,
    );
    assert.match(all, /^homeostat_host_severity\{host="b"\} 3$/m);
    assert.match(all, /^homeostat_host_incidents_open\{host="b"\} 1$/m);
    assert.match(all, /^homeostat_host_seen_timestamp_seconds\{host="a"\} 7$/m);
    assert.doesNotMatch(all, /sda/);
    const one = pageOf(hosts, 'b')!;
    assert.match(one, /^system_disk_io_bytes_per_second\{host="b",system_device="sda"\} 3$/m);
    assert.doesNotMatch(one, /"a"|bus_ok/);
    assert.equal(pageOf(hosts, 'c'), undefined);
    assert.match(
      pageOf(hosts, undefined, 'application/openmetrics-text')!,
      /^# TYPE bus_ok counter$(.|\n)*# EOF\n$/m,
    );
  });

  it('says of a host that is silent how it is, and not how it was', () => {
    const page = pageOf([host('a', 'silent')])!;
    assert.match(page, /^homeostat_host_state\{host="a",state="silent"\} 1$/m);
    assert.match(page, /^homeostat_host_state\{host="a",state="up"\} 0$/m);
    assert.doesNotMatch(page, /system_memory/);
  });

  it('has no more hosts than a page may have, and counts the others', () => {
    const hosts = Array.from({ length: MOST_HOSTS + 3 }, (_, index) => host(`host-${index}`));
    const page = pageOf(hosts)!;
    assert.match(page, /^hub_hosts_not_exported 3$/m);
    assert.equal(page.match(/^system_memory_utilization_ratio\{/gm)?.length, MOST_HOSTS);
    assert.match(pageOf(hosts, `host-${MOST_HOSTS + 2}`)!, /^system_memory_utilization_ratio\{/m);
  });
});
