import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRange, formatValue, metricLabel, processName } from './display.ts';
import { FEATURES } from './features.ts';

test('values are written with units that people read', () => {
  const cases: [number, string, string][] = [
    [0.97, '1', '97 %'],
    [0.0312, '1', '3.1 %'],
    [0, '1', '0 %'],
    [1_234_000_000, 'By', '1.2 GB'],
    [999_700, 'By', '1 MB'],
    [48e6, 'By/s', '48 MB/s'],
    [0.0032, 's', '3.2 ms'],
    [412.4, '{process}/s', '412 /s'],
    [12345, '{thread}', '12,345'],
    [3.2e9, 'Hz', '3.2 GHz'],
    [61, 'Cel', '61 °C'],
    [Number.NaN, '1', 'unknown'],
  ];
  for (const [value, unit, text] of cases) assert.equal(formatValue(value, unit), text);
});

test('a range names the unit once where both ends share it', () => {
  assert.equal(formatRange(0.01, 0.06, '1'), '1-6 %');
  assert.equal(formatRange(1.2e6, 48e6, 'By/s'), '1.2-48 MB/s');
  assert.equal(formatRange(0, 48e6, 'By/s'), '0 B/s to 48 MB/s');
  assert.equal(formatRange(3, 3, '{thread}'), '3');
});

test('every feature has words of its own, without a hole where an attribute is missing', () => {
  const labels = FEATURES.map((feature) => metricLabel(feature.key));
  assert.equal(new Set(labels).size, labels.length);
  for (const label of labels) assert.doesNotMatch(label, /[{}]|system\.|^ | $/);
});

test('what is an abbreviation is written as one', () => {
  assert.equal(metricLabel('system.linux.pressure.some{resource=cpu}'), 'CPU pressure');
  assert.equal(metricLabel('system.linux.pressure.some{resource=memory}'), 'memory pressure');
  assert.match(metricLabel('system.linux.pressure.full{resource=io}'), /I\/O/);
});

test('a device is named, and hostile text in it is escaped', () => {
  assert.equal(metricLabel('system.disk.io{disk.io.direction=write,system.device=sda}'), 'disk write (sda)');
  assert.equal(metricLabel('no.such\u001b[31m'), 'no.such\\x1b[31m');
});

test('a process is called by its name, and an interpreter by what it runs', () => {
  const cases: [string, string | undefined, string[], string][] = [
    ['postgres', '/usr/lib/postgresql/bin/postgres', ['-D', 'x'], 'postgres'],
    ['MainThread', '/usr/bin/node', ['--flag', '/srv/app/server.js', 'x'], 'node server.js'],
    ['python3.13', '/usr/bin/python3.13', ['-m'], 'python3.13'],
    ['bash', '/usr/bin/bash', [], 'bash'],
    ['bash', '/usr/bin/bash', ['-c', 'sleep 5; rm a.txt'], 'bash'],
    ['bash', '/usr/bin/bash', ['/opt/backup'], 'bash backup'],
    ['bash', '/usr/bin/bash', ['/dev/fd/3'], 'bash'],
    ['MainThread', '/usr/bin/node', ['--test', '--test-name-pattern', 'a|b', 'x.test.ts'], 'node x.test.ts'],
    ['xmrig', '/usr/bin/node', ['burn.mjs'], 'xmrig'],
    ['kworker/0:1', undefined, [], 'kworker/0:1'],
  ];
  for (const [name, executable, args, called] of cases)
    assert.equal(processName({ name, executable, invokedAs: undefined, args }), called);
});
