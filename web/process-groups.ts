import { printable } from '../src/lib/text.ts';
import type { ListedProcess } from '../src/model/process.ts';

/** How the table of processes is laid out. */
export const LAYOUTS = ['list', 'tree', 'executable', 'user', 'container'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Processes that have something in common, as one row: what they use is added up. */
export interface ProcessGroup {
  /** What they have in common, for a person. */
  readonly name: string;
  /** The filter that finds its members. */
  readonly searched: string;
  readonly count: number;
  readonly cpu: number | undefined;
  readonly rss: number | undefined;
  readonly readRate: number | undefined;
  readonly writeRate: number | undefined;
  readonly threads: number | undefined;
}

const KEY: Readonly<Record<Exclude<Layout, 'list' | 'tree'>, (process: ListedProcess) => string>> = {
  executable: ({ executable, ppid, pid, name }) =>
    executable ?? (ppid === 2 || pid === 2 ? 'kernel threads' : `${name} (executable not visible)`),
  user: ({ uid }) => (uid === undefined ? 'user not visible' : `uid ${uid}`),
  container: ({ containerId }) => containerId ?? 'no container',
};

const HELD = { executable: 'executable', user: 'uid', container: 'containerId' } as const;

/** One row for all processes that share an executable, a user or a container. */
export function groupBy(
  layout: Exclude<Layout, 'list' | 'tree'>,
  processes: readonly ListedProcess[],
): readonly ProcessGroup[] {
  const groups = new Map<string, ListedProcess[]>();
  for (const process of processes) {
    const key = KEY[layout](process);
    const members = groups.get(key);
    if (members) members.push(process);
    else groups.set(key, [process]);
  }
  return [...groups].map(([key, members]) => ({
    name: printable(key),
    // A key that stands for something missing is in no text of a process.
    searched: members[0]![HELD[layout]] === undefined ? '' : key,
    count: members.length,
    cpu: sum(members, ({ cpu }) => cpu),
    rss: sum(members, ({ rss }) => rss),
    readRate: sum(members, ({ readRate }) => readRate),
    writeRate: sum(members, ({ writeRate }) => writeRate),
    threads: sum(members, ({ threads }) => threads),
  }));
}

/** Of what could be seen; undefined where nothing could. */
function sum(
  members: readonly ListedProcess[],
  of: (process: ListedProcess) => number | undefined,
): number | undefined {
  const seen = members.map(of).filter((value) => value !== undefined && value !== null);
  return seen.length === 0 ? undefined : seen.reduce((one, other) => one! + other!, 0);
}

/** A process in its tree. */
export interface TreeRow {
  readonly process: ListedProcess;
  /** 0 where its parent is not among them. */
  readonly depth: number;
}

/**
 * Parents before their children, siblings in the order in which they were given. A pid that names itself or an ancestor
 * as its parent (two moments mixed) becomes a root: everybody is there once.
 */
export function treeOf(processes: readonly ListedProcess[]): readonly TreeRow[] {
  const known = new Set(processes.map(({ pid }) => pid));
  const children = new Map<number, ListedProcess[]>();
  const roots: ListedProcess[] = [];
  for (const process of processes) {
    const { pid, ppid } = process;
    const siblings = !known.has(ppid) || ppid === pid ? roots : children.get(ppid);
    if (siblings) siblings.push(process);
    else children.set(ppid, [process]);
  }
  const rows: TreeRow[] = [];
  const placed = new Set<ListedProcess>();
  const place = (root: ListedProcess): void => {
    const waiting: TreeRow[] = [{ process: root, depth: 0 }];
    for (let row = waiting.pop(); row; row = waiting.pop()) {
      if (placed.has(row.process)) continue;
      placed.add(row.process);
      rows.push(row);
      const { depth } = row;
      for (const child of (children.get(row.process.pid) ?? []).toReversed())
        waiting.push({ process: child, depth: depth + 1 });
    }
  };
  for (const root of roots) place(root);
  for (const process of processes) if (!placed.has(process)) place(process);
  return rows;
}
