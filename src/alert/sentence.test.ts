import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOfDay } from '../lib/text.ts';
import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { machineSentence } from './sentence.ts';

const SINCE = new Date(2026, 2, 2, 14, 3, 10).getTime();
const CPU: BrokenMetric = {
  metric: 'system.cpu.utilization{cpu.mode=user}',
  unit: '1',
  observed: 0.97,
  expectedLow: 0.01,
  expectedHigh: 0.06,
  share: 0.7,
};
const MINER: Culprit = {
  id: 'a-4711-1',
  pid: 4711,
  name: 'xmrig',
  executable: '/tmp/xmrig',
  commandLine: 'xmrig',
  parent: { pid: 4700, name: 'bash' },
  containerId: undefined,
  share: 0.96,
  evidence: 'CPU 0 % -> 390 % of a core',
};

test('the sentence says what, since when, how much and who', () => {
  assert.equal(
    machineSentence([CPU], [MINER], SINCE, SINCE + 60_000),
    'CPU user time is 97 % (usually 1-6 %) since 14:03:10; `xmrig` (pid 4711, started by `bash`, pid 4700) accounts for 96 % of the change.',
  );
});

test('it names further metrics that matter, the group and the container', () => {
  const load = { ...CPU, metric: 'system.linux.cpu.load_1m', unit: '{thread}', share: 0.2 };
  const faint = { ...CPU, metric: 'system.linux.run_queue', unit: '{thread}', share: 0.01 };
  const group = { ...MINER, group: { count: 4, pids: [1, 2, 3, 4] }, containerId: 'abcdef0123456789' };
  assert.equal(
    machineSentence([CPU, load, faint], [group], SINCE, SINCE),
    'CPU user time is 97 % (usually 1-6 %), with load over 1 min since 14:03:10; 4 processes `xmrig` (pids 1, 2, 3 and more, started by `bash`, pid 4700, container abcdef012345) accounts for 96 % of the change.'.replace(
      'accounts',
      'account',
    ),
  );
});

test('it speaks of many things in the plural', () => {
  const switches = { ...CPU, metric: 'system.linux.context_switches', unit: '{switch}/s', observed: 40_000 };
  assert.match(
    machineSentence([switches], [], SINCE, SINCE),
    /^Context switches are 40,000 \/s \(usually ~?0/,
  );
});

test('it is honest when nobody stands out or no metric does', () => {
  assert.match(machineSentence([CPU], [], SINCE, SINCE), /; no process stands out\.$/);
  assert.match(machineSentence([], [], SINCE, SINCE), /^The machine as a whole is unusual since 14:03:10;/);
});

test('hostile names cannot break out of the sentence', () => {
  const hostile = { ...MINER, name: 'x\u001b[2J\n`y', parent: { pid: 1, name: '\u202eevil' } };
  const sentence = machineSentence([CPU], [hostile], SINCE, SINCE);
  assert.match(sentence, /`x\\x1b\[2J\\x0a'y`/);
  assert.match(sentence, /`\\u202eevil`/);
});

test('the date is told when it was not today', () => {
  assert.equal(timeOfDay(SINCE, SINCE + 3 * 86_400_000), '2026-03-02 14:03:10');
});
