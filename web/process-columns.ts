import { printable } from '../src/lib/text.ts';
import type { ListedProcess } from '../src/model/process.ts';
import { optional } from './format.ts';

export interface ColumnDefinition {
  readonly id: string;
  readonly title: string;
  readonly of: (process: ListedProcess) => number | string | undefined;
  readonly shown: (process: ListedProcess) => string;
  readonly number: boolean;
  /** Left out on a narrow screen. */
  readonly wide: boolean;
}

const column = (
  id: string,
  title: string,
  of: ColumnDefinition['of'],
  shown: ColumnDefinition['shown'],
  options: { number?: boolean; wide?: boolean } = {},
): ColumnDefinition => ({
  id,
  title,
  of,
  shown,
  number: options.number ?? true,
  wide: options.wide ?? false,
});

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'blocked',
  Z: 'zombie',
  T: 'stopped',
  t: 'traced',
  I: 'idle',
  X: 'dead',
};

/** What is told of each process. */
export const COLUMNS: readonly ColumnDefinition[] = [
  column(
    'name',
    'Process',
    ({ name }) => name.toLowerCase(),
    ({ name }) => printable(name),
    { number: false },
  ),
  column(
    'pid',
    'PID',
    ({ pid }) => pid,
    ({ pid }) => String(pid),
    { wide: true },
  ),
  column(
    'cpu',
    'CPU',
    ({ cpu }) => cpu,
    ({ cpu }) => optional(cpu, '1'),
  ),
  column(
    'rss',
    'Memory',
    ({ rss }) => rss,
    ({ rss }) => optional(rss, 'By'),
  ),
  column(
    'read',
    'Reads',
    ({ readRate }) => readRate,
    ({ readRate }) => optional(readRate, 'By/s'),
    { wide: true },
  ),
  column(
    'write',
    'Writes',
    ({ writeRate }) => writeRate,
    ({ writeRate }) => optional(writeRate, 'By/s'),
    { wide: true },
  ),
  column(
    'threads',
    'Threads',
    ({ threads }) => threads,
    ({ threads }) => (threads === undefined ? '–' : String(threads)),
    { wide: true },
  ),
  column(
    'uid',
    'User',
    ({ uid }) => uid,
    ({ uid }) => (uid === undefined ? '–' : String(uid)),
    { wide: true },
  ),
  column(
    'state',
    'State',
    ({ state }) => state,
    ({ state }) => STATES[state ?? ''] ?? 'unknown',
    { number: false, wide: true },
  ),
];
