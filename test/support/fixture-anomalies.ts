import type { Anomaly, Culprit } from '../../src/model/anomaly.ts';
import type { Incident } from './fixture-machine.ts';
import { fixtureProcesses } from './fixture-processes.ts';

/** What the fixture's incidents look like to the alerts: an open miner, a backup that read much, a provisional find. */
export function fixtureAnomalies(incidents: readonly Incident[], startedAt: number, now: number): Anomaly[] {
  const [miner, backup, early] = incidents;
  const host = 'shop-eu-1';
  return [
    {
      schema: 1,
      id: 'an-7f3e10',
      host,
      state: 'open',
      kind: 'machine',
      severity: 'HIGH',
      provisional: false,
      since: miner!.from,
      raisedAt: miner!.from + 14_000,
      score: 4.62,
      returnPeriodSeconds: 41 * 86_400,
      metrics: [
        broken('system.cpu.utilization{cpu.mode=user}', 0.78, 0.05, 0.27, 0.41),
        broken('system.linux.pressure.some{resource=cpu}', 0.43, 0, 0.05, 0.27),
        broken('system.linux.cpu.load_1m', 4.3, 0.6, 1.1, 0.18, '{thread}'),
        broken('system.linux.context_switches', 6480, 2900, 5900, 0.08, '{switch}/s'),
      ],
      culprits: [
        culprit(startedAt, now, 'kdevtmpfsi', 0.93, 'CPU 2 % -> 312 % of a core'),
        culprit(startedAt, now, 'node', 0.04, 'CPU 9 % -> 12 % of a core'),
      ],
      sentence:
        'Unusual CPU use for 7 min: user time 78 % (usually 5-27 %) and CPU pressure 43 % (usually 0-5 %); kdevtmpfsi (pid 2520) accounts for 93 % of it.',
    },
    {
      schema: 1,
      id: 'an-51c2aa',
      host,
      state: 'closed',
      kind: 'machine',
      severity: 'MEDIUM',
      provisional: false,
      since: backup!.from,
      raisedAt: backup!.from + 30_000,
      closedAt: backup!.to,
      score: 3.5,
      returnPeriodSeconds: 9 * 86_400,
      metrics: [
        broken('system.disk.io{disk.io.direction=write}', 61e6, 0.2e6, 4.1e6, 0.62, 'By/s'),
        broken('system.disk.await', 0.024, 0.0004, 0.0021, 0.22, 's'),
      ],
      culprits: [culprit(startedAt, now, 'postgres', 0.81, 'writes 0.9 MB/s -> 58 MB/s')],
      sentence:
        'Unusual disk writes for 18 min: 61 MB/s (usually 0.2-4.1 MB/s), operations took 24 ms (usually 0.4-2.1 ms); postgres (pid 411) accounts for 81 % of it.',
    },
    {
      schema: 1,
      id: 'an-0b77d4',
      host,
      state: 'closed',
      kind: 'process',
      severity: 'LOW',
      provisional: true,
      since: early!.from,
      raisedAt: early!.from + 60_000,
      closedAt: early!.to,
      score: 2.6,
      returnPeriodSeconds: 1.4 * 86_400,
      metrics: [],
      culprits: [
        culprit(startedAt, now, 'python3', 1, 'no CPU time and no I/O for 24 min, before: 3 % of a core'),
      ],
      sentence:
        'python3 (pid 670) stopped answering for 24 min: no CPU time and no I/O, usually busy each 2 s.',
    },
  ];
}

function broken(
  metric: string,
  observed: number,
  expectedLow: number,
  expectedHigh: number,
  share: number,
  unit = '1',
): Anomaly['metrics'][number] {
  return { metric, unit, observed, expectedLow, expectedHigh, share };
}

function culprit(startedAt: number, now: number, name: string, share: number, evidence: string): Culprit {
  const processes = fixtureProcesses(startedAt, now, 20, 1);
  const found = processes.find((process) => process.name === name)!;
  const parent = processes.find((process) => process.pid === found.ppid);
  return {
    id: found.id,
    pid: found.pid,
    name,
    executable: found.executable,
    commandLine: [found.invokedAs ?? name, ...found.args].join(' '),
    parent: parent && { pid: parent.pid, name: parent.name },
    containerId: found.containerId,
    share,
    evidence,
  };
}
