import { timeOfDay } from '../lib/text.ts';
import { formatValue } from '../model/display.ts';
import type { ProcessChange } from './process-ledger.ts';
import { COLUMN } from './process-track.ts';
import type { Resource } from './resource.ts';

/** Below this share of a resource's change a process has nothing to answer for there. */
const WORTH_SAYING = 0.1;

/**
 * What one process, or a group of siblings, did: `CPU 3 % -> 98 % of a core, new since 14:03:08`.
 * `socketsKnown`: the network share went to owners of sockets only.
 */
export function evidence(
  members: readonly ProcessChange[],
  shares: ReadonlyMap<Resource, number>,
  since: number,
  socketsKnown: boolean,
): string {
  const said = [...shares]
    .sort((a, b) => b[1] - a[1])
    .filter(([, share], index) => index === 0 || share >= WORTH_SAYING)
    .map(([resource]) => resource);
  // The network's evidence is the CPU's: it is said once, with how it was inferred.
  const resources = said.filter((resource) => resource !== 'cpu' || !said.includes('network'));
  const parts = resources.map((resource) => describe(resource, members, socketsKnown));
  const { track, isNew } = members[0]!;
  const { startedAt } = track.process;
  if (isNew) parts.push(`new since ${timeOfDay(startedAt, since)}`);
  if (members.every(({ track }) => track.endedAt !== undefined)) parts.push('ended since');
  return parts.join(', ');
}

function describe(resource: Resource, members: readonly ProcessChange[], socketsKnown: boolean): string {
  const sum = (pick: (change: ProcessChange) => Float64Array, ...columns: number[]): number =>
    members.reduce(
      (total, change) => total + columns.reduce((part, column) => part + pick(change)[column]!, 0),
      0,
    );
  const text = (unit: string, factor: number, ...columns: number[]): string => {
    const usual = formatValue(sum(({ usual }) => usual, ...columns) * factor, unit);
    const now = formatValue(sum(({ now }) => now, ...columns) * factor, unit);
    return `${usual} -> ${now}`;
  };
  const children = sum(({ now }) => now, COLUMN.childCpu) > sum(({ now }) => now, COLUMN.cpu);
  switch (resource) {
    case 'cpu':
      return `CPU ${text('1', 1e-3, COLUMN.cpu, COLUMN.childCpu)} of a core${children ? ', mostly its short-lived children' : ''}`;
    case 'network':
      return `CPU ${text('1', 1e-3, COLUMN.cpu, COLUMN.childCpu)} of a core${socketsKnown ? ' while it owns sockets' : ''} (inferred: bytes on the network are not counted by process)`;
    case 'memory':
      return `memory ${text('By', 1, COLUMN.rss)}`;
    case 'read':
      return `read ${text('By/s', 1, COLUMN.read)}`;
    case 'io':
      return `read and wrote ${text('By/s', 1, COLUMN.read, COLUMN.write)}`;
    case 'write':
      return `wrote ${text('By/s', 1, COLUMN.write)}`;
    case 'space':
      return space(members);
    case 'forks':
      return forks(members, text);
    case 'switches':
      return `context switches ${text('{switch}/s', 1, COLUMN.switches)}`;
    case 'files':
      return `open files ${text('{file}', 1, COLUMN.files)}`;
  }
}

function space(members: readonly ProcessChange[]): string {
  const written = members.reduce((sum, change) => sum + change.written, 0);
  if (written > 0) return `wrote ${formatValue(written, 'By')} since then`;
  const calls = members.reduce((sum, change) => sum + change.calls, 0);
  return `${formatValue(calls, '{call}')} calls that read or write since then (the kernel counted no bytes on a disk)`;
}

function forks(
  members: readonly ProcessChange[],
  text: (unit: string, factor: number, ...columns: number[]) => string,
): string {
  const changed = (column: number): number =>
    members.reduce((sum, { now, usual }) => sum + now[column]! - usual[column]!, 0);
  if (changed(COLUMN.threads) / 60 > changed(COLUMN.births) && changed(COLUMN.threads) > 4)
    return `threads ${text('{thread}', 1, COLUMN.threads)}`;
  const seen = `children seen to start ${text('{process}/s', 1, COLUMN.births)}`;
  return changed(COLUMN.childCpu) > 1
    ? `${seen}, CPU of children that ended between scans ${text('1', 1e-3, COLUMN.childCpu)} of a core`
    : seen;
}
