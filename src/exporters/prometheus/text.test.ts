import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { series } from '../../model/metric.ts';
import { METRICS, type MetricName } from '../../model/names.ts';
import { describe as describeMetric, familiesOf } from '../family.ts';
import { metricName } from './name.ts';
import { familyText, formatOf, labelsText, reformatted } from './text.ts';

const nameOf = (name: MetricName): string => metricName(describeMetric(name, METRICS[name]));

describe('the name of a metric', () => {
  it("follows OpenTelemetry's rules", () => {
    assert.equal(nameOf('system.cpu.utilization'), 'system_cpu_utilization_ratio');
    assert.equal(nameOf('system.memory.usage'), 'system_memory_usage_bytes');
    assert.equal(nameOf('system.disk.io'), 'system_disk_io_bytes_per_second');
    assert.equal(nameOf('system.network.packet.count'), 'system_network_packet_count_per_second');
    assert.equal(nameOf('system.linux.cpu.load_1m'), 'system_linux_cpu_load_1m');
    assert.equal(nameOf('hw.temperature'), 'hw_temperature_celsius');
    assert.equal(nameOf('homeostat.score'), 'homeostat_score');
    assert.equal(
      metricName({ name: 'process.cpu.time', kind: 'counter', unit: 's' }),
      'process_cpu_time_seconds_total',
    );
    assert.equal(metricName({ name: 'a.seconds', kind: 'gauge', unit: 's' }), 'a_seconds');
  });

  it('ends with nothing that Prometheus keeps for its own kinds, and no two are the same', () => {
    const names = (Object.keys(METRICS) as MetricName[]).map(nameOf);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.doesNotMatch(name, /_(count|sum|bucket|total|info)$/);
    assert.equal(nameOf('system.process.count'), 'system_processes');
  });
});

describe('the page', () => {
  const family = familiesOf([
    { series: series('system.disk.io', { 'system.device': 'a"b\\c\n\ud800' }), value: 1.5 },
    { series: series('system.disk.io'), value: 1e21 },
  ])[0]!;

  it('has a help, a type and a line a series, whatever devices are called', () => {
    assert.equal(
      familyText(family, 'text', { host: 'web-1' }),
      [
        '# HELP system_disk_io_bytes_per_second Bytes read and written, per second.',
        '# TYPE system_disk_io_bytes_per_second gauge',
        'system_disk_io_bytes_per_second{host="web-1",system_device="a\\"b\\\\c\\\\x0a\ufffd"} 1.5',
        'system_disk_io_bytes_per_second{host="web-1"} 1e+21\n',
      ].join('\n'),
    );
    assert.equal(labelsText({}), '');
  });

  it('names counters without their end in OpenMetrics', () => {
    const counter = { name: 'x', kind: 'counter' as const, unit: '', description: 'X.', points: [] };
    assert.equal(familyText(counter, 'openmetrics'), '# HELP x X.\n# TYPE x counter\n');
    assert.equal(familyText(counter, 'text'), '# HELP x_total X.\n# TYPE x_total counter\n');
    assert.equal(
      reformatted('# HELP a_total A.\n# TYPE a_total counter\na_total 1\n', 'openmetrics'),
      '# HELP a A.\n# TYPE a counter\na_total 1\n',
    );
  });

  it('is OpenMetrics for those who would rather have that', () => {
    const prometheus =
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    assert.equal(formatOf(prometheus), 'openmetrics');
    assert.equal(formatOf(undefined), 'text');
    assert.equal(formatOf('*/*'), 'text');
    assert.equal(formatOf('text/plain, application/openmetrics-text;q=0.1'), 'text');
    assert.equal(formatOf('application/openmetrics-text;version=2.0.0'), 'text');
    assert.equal(formatOf('application/openmetrics-text;q=0'), 'text');
  });
});
