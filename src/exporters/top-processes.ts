import type { Process, ProcessScan } from '../model/process.ts';
import type { Family } from './family.ts';

/**
 * The processes that use most CPU, and those that use most memory, `most` of each. Each process that comes makes new series at
 * whoever keeps them, which is why nobody is told of processes unless the configuration says so.
 */
export function topProcesses(scan: ProcessScan | undefined, most: number): Family[] {
  if (!scan || most === 0) return [];
  const family = (
    name: string,
    unit: string,
    description: string,
    valueIn: (process: Process) => number | undefined,
  ): Family => ({
    ...{ name: `homeostat.top_process.${name}`, kind: 'gauge', unit, description },
    points: scan.processes
      .flatMap((process) => {
        const value = valueIn(process);
        return value === undefined ? [] : [{ attributes: attributesOf(process), value }];
      })
      .sort((one, other) => other.value - one.value)
      .slice(0, most),
  });
  return [
    family(
      'cpu.utilization',
      '1',
      'CPU of the processes that use most of it: 1 is one core.',
      ({ cpu }) => cpu,
    ),
    family('memory.usage', 'By', 'Resident memory of the processes that use most of it.', ({ rss }) => rss),
  ].filter(({ points }) => points.length > 0);
}

const attributesOf = ({ pid, name }: Process) => ({
  'process.pid': String(pid),
  'process.executable.name': name,
});
