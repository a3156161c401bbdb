import { shellQuote } from '../../lib/shell-quote.ts';
import { formatValue } from '../../model/display.ts';
import type { ListedProcess } from '../../model/process.ts';
import type { Draft, Rule } from '../rule.ts';
import type { ControlGroup } from '../situation.ts';
import { quoted } from '../target.ts';

/** Of its periods it was held back in so many. */
const THROTTLED = 0.25;
const LEAST_PERIODS = 100;
const NEARLY = 0.9;

/** A container against the bounds that it was given. */
export const containerLimit: Rule = {
  name: 'container-limit',
  advise: ({ processes, group }) => {
    const contained = new Map<string, ListedProcess>();
    for (const process of processes)
      if (
        process.containerId !== undefined &&
        process.cgroup !== undefined &&
        !contained.has(process.containerId)
      )
        contained.set(process.containerId, process);
    return [...contained].flatMap(([id, { cgroup, name }]) => {
      const bounds = group(groupOf(cgroup!, id));
      return bounds ? [...heldBack(id, name, bounds), ...nearlyFull(id, name, bounds)] : [];
    });
  },
};

/** The path of the container's own group: up to the segment that names it. */
function groupOf(cgroup: string, id: string): string {
  const segments = cgroup.split('/');
  const last = segments.findLastIndex((segment) => segment.includes(id));
  return last < 0 ? cgroup : segments.slice(0, last + 1).join('/');
}

const about = (id: string, name: string) => ({
  target: { kind: 'container' as const, id },
  subject: `container ${quoted(id.slice(0, 12))} (${quoted(name)})`,
});

function heldBack(
  id: string,
  name: string,
  { cpuMax, periods = 0, throttledPeriods = 0 }: ControlGroup,
): Draft[] {
  if (cpuMax === undefined || periods < LEAST_PERIODS || throttledPeriods < THROTTLED * periods) return [];
  const short = shellQuote(id.slice(0, 12));
  const more = Math.round(cpuMax * 1.5 * 10) / 10;
  return [
    {
      severity: 'MEDIUM',
      ...about(id, name),
      advice: 'Give it more CPU, or less to do: it is held back.',
      why: `it may use ${formatValue(cpuMax, '{core}')} cores, and was held back in ${formatValue(throttledPeriods / periods, '1')} of its periods since it began`,
      gain: `up to half as much CPU again (${more} cores), and answers without pauses of up to 100 ms`,
      sure: 'high',
      because: 'the kernel counts it; over the whole life of the container, which may be better or worse now',
      command: `docker update --cpus ${more} ${short}`,
      undo: `docker update --cpus ${cpuMax} ${short}`,
    },
  ];
}

function nearlyFull(
  id: string,
  name: string,
  { memory = 0, memoryMax, oomKills = 0 }: ControlGroup,
): Draft[] {
  if (memoryMax === undefined || (memory < NEARLY * memoryMax && oomKills === 0)) return [];
  const short = shellQuote(id.slice(0, 12));
  const more = Math.ceil((memoryMax * 1.5) / 2 ** 20);
  return [
    {
      severity: oomKills > 0 ? 'HIGH' : 'MEDIUM',
      ...about(id, name),
      advice: 'Give it more memory, or make its caches smaller: it is at its bound.',
      why: `${formatValue(memory, 'By')} of at most ${formatValue(memoryMax, 'By')}${oomKills > 0 ? `; ${oomKills} of its processes were killed for want of memory` : ''}`,
      gain: `${formatValue(memoryMax / 2, 'By')} of room: half of its bound again`,
      sure: oomKills > 0 ? 'high' : 'medium',
      because:
        oomKills > 0
          ? 'the kernel counted it'
          : 'what counts holds its page cache too, which it could give back',
      command: `docker update --memory ${more}m --memory-swap ${more}m ${short}`,
      undo: `docker update --memory ${Math.floor(memoryMax / 2 ** 20)}m --memory-swap ${Math.floor(memoryMax / 2 ** 20)}m ${short}`,
    },
  ];
}
