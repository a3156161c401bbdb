import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll, smallHost } from '../../../test/support/small-host.ts';
import { createDeviceCollector } from './linux.ts';

const SENSORS = {
  files: {
    '/sys/class/hwmon/hwmon0/name': 'coretemp\n',
    '/sys/class/hwmon/hwmon0/temp1_input': '61500\n',
    '/sys/class/hwmon/hwmon0/temp1_label': 'Package id 0\n',
    '/sys/class/hwmon/hwmon0/temp2_input': '-273000\n',
    '/sys/class/thermal/thermal_zone0/type': 'acpitz\n',
    '/sys/class/thermal/thermal_zone0/temp': '27800\n',
    '/sys/class/power_supply/BAT0/type': 'Battery\n',
    '/sys/class/power_supply/BAT0/capacity': '83\n',
  },
  folders: {
    '/sys/class/hwmon': ['hwmon0'],
    '/sys/class/hwmon/hwmon0': ['name', 'temp1_input', 'temp1_label', 'temp2_input'],
    '/sys/class/thermal': ['cooling_device0', 'thermal_zone0'],
    '/sys/class/thermal/thermal_zone0': ['type', 'temp'],
    '/sys/class/power_supply': ['AC', 'BAT0'],
  },
} as const;

test('temperatures are in degrees, charge is a share, and a sensor that is not fitted says nothing', async () => {
  const [tick] = await collectAll(createDeviceCollector(), smallHost(SENSORS));
  assert.deepEqual(tick?.metrics, {
    'hw.temperature{hw.id=coretemp/hwmon0/Package id 0}': 61.5,
    'hw.temperature{hw.id=acpitz/thermal_zone0}': 27.8,
    'hw.battery.charge{hw.id=BAT0}': 0.83,
  });
});

test('sensors are asked every ten seconds and their answer is repeated in between', async () => {
  const hotter = { files: { '/sys/class/thermal/thermal_zone0/temp': '90000\n' } };
  const host = smallHost(SENSORS, hotter, { monotonic: 11_000 });
  const ticks = await collectAll(createDeviceCollector(), host);
  const seen = ticks.map((tick) => tick.metrics['hw.temperature{hw.id=acpitz/thermal_zone0}']);
  assert.deepEqual(seen, [27.8, 27.8, 90]);
});

test('a machine without sensors has none, and is not blind', async () => {
  assert.deepEqual((await collectAll(createDeviceCollector(), smallHost({})))[0], { metrics: {}, blind: [] });
});
