import assert from 'node:assert/strict';
import { test } from 'node:test';
import { series } from '../src/model/metric.ts';
import { METRICS, type MetricName } from '../src/model/names.ts';
import type { SeriesInfo } from './answers.ts';
import { catalog } from './catalog.ts';

function info(name: MetricName, attributes: Record<string, string> = {}): SeriesInfo {
  const { key, definition } = series(name, attributes);
  return {
    key,
    name,
    attributes,
    unit: definition.unit,
    group: definition.group,
    label: name,
    description: '',
  };
}

test('every metric that Homeostat knows has a chart, the score its own strip', () => {
  const names = Object.keys(METRICS) as MetricName[];
  const drawn = catalog(names.map((name) => info(name)))
    .flatMap(({ charts }) => charts.flatMap(({ devices }) => [...devices.values()].flat()))
    .map(({ key }) => key);
  assert.deepEqual(drawn.sort(), names.filter((name) => name !== 'homeostat.score').sort());
});

test('the modes of the CPU are lines of one chart, the whole first', () => {
  const [group] = catalog([
    info('system.cpu.utilization', { 'cpu.mode': 'steal' }),
    info('system.cpu.utilization', { 'cpu.mode': 'user' }),
    info('system.cpu.utilization'),
  ]);
  const lines = group?.charts[0]?.devices.get('')?.map(({ label }) => label);
  assert.deepEqual(lines, ['busy', 'user', 'steal']);
});

test('a disk is chosen, reading and writing are lines', () => {
  const [group] = catalog(
    [{}, { 'system.device': 'sda' }].flatMap((device) =>
      ['read', 'write'].map((direction) =>
        info('system.disk.io', { ...device, 'disk.io.direction': direction }),
      ),
    ),
  );
  const { devices } = group!.charts[0]!;
  assert.deepEqual([...devices.keys()], ['', 'sda']);
  assert.deepEqual(
    devices.get('sda')?.map(({ label }) => label),
    ['read', 'write'],
  );
});

test('things of one line each are lines of one chart', () => {
  const [group] = catalog([
    info('system.filesystem.utilization'),
    info('system.filesystem.utilization', { 'system.filesystem.mountpoint': '/srv' }),
    info('system.filesystem.utilization', { 'system.filesystem.mountpoint': '/' }),
  ]);
  assert.deepEqual(
    group?.charts[0]?.devices.get('')?.map(({ label }) => label),
    ['fullest', '/', '/srv'],
  );
});

test('load averages are read together, in the order of their length', () => {
  const [group] = catalog([
    info('system.linux.cpu.load_15m'),
    info('system.linux.cpu.load_5m'),
    info('system.linux.cpu.load_1m'),
  ]);
  assert.deepEqual(
    group?.charts.map(({ title }) => title),
    ['Load average'],
  );
  assert.deepEqual(
    group?.charts[0]?.devices.get('')?.map(({ label }) => label),
    ['1 min', '5 min', '15 min'],
  );
});
