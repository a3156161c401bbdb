import type { Severity } from '../model/anomaly.ts';
import type { Series } from '../model/metric.ts';
import type { LimitSettings } from './settings.ts';

/** A line and how it is held against one series. Times in ms. */
export interface Rule {
  readonly limit: string;
  readonly direction: 'above' | 'below';
  /** In the unit of the series. */
  readonly line: number;
  /** Behind the line by so much before it can close. */
  readonly clear: number;
  readonly forMs: number;
  /** How its severity rises; a user may give it one that does not. */
  readonly grows: Growth;
}

/**
 * space: how much of what was left is used up, as it does not come back by itself; memory: that, or time; cpu: time, as a
 * machine that is busy is used; own: time.
 */
export type Growth = 'space' | 'memory' | 'cpu' | 'own' | Severity;

type BuiltIn = 'cpu' | 'memory' | 'disk' | 'inodes' | 'descriptors';

const BUILT_IN: Readonly<Partial<Record<string, { readonly limit: BuiltIn; readonly grows: Growth }>>> = {
  'system.cpu.utilization': { limit: 'cpu', grows: 'cpu' },
  'system.memory.utilization': { limit: 'memory', grows: 'memory' },
  'system.filesystem.utilization': { limit: 'disk', grows: 'space' },
  'system.filesystem.inode.utilization': { limit: 'inodes', grows: 'space' },
  'system.linux.file_handles.utilization': { limit: 'descriptors', grows: 'space' },
};

/** Two points, as a share. */
const CLEAR = 0.02;

/** The rules that hold for a series; none for most. */
export function rulesOf(series: Series, settings: LimitSettings): readonly Rule[] {
  const builtIn = builtInRule(series, settings);
  const own = settings.own.filter(({ metric }) => matches(metric, series)).map((one) => ownRule(one, series));
  return builtIn ? [builtIn, ...own] : own;
}

function builtInRule(series: Series, settings: LimitSettings): Rule | undefined {
  const known = BUILT_IN[series.name];
  if (!known || !isWhole(series)) return undefined;
  const { limit, grows } = known;
  const line = mountLine(series, settings) ?? settings[limit];
  if (!Number.isFinite(line)) return undefined;
  const { cpu_for: cpu, memory_for: memory, disk_for: others } = settings;
  const forMs = limit === 'cpu' ? cpu : limit === 'memory' ? memory : others;
  return { limit, direction: 'above', line, clear: CLEAR, forMs, grows };
}

/** What a person told of this mount point. */
function mountLine(series: Series, { mounts }: LimitSettings): number | undefined {
  const mount = mountOf(series);
  if (mount === undefined) return undefined;
  return Object.entries(mounts).find(([pattern]) => glob(pattern).test(mount))?.[1];
}

function ownRule(own: LimitSettings['own'][number], series: Series): Rule {
  const line = (own.above ?? own.below)!;
  return {
    limit: own.name,
    direction: own.above === undefined ? 'below' : 'above',
    line,
    clear: own.clear ?? (series.definition.unit === '1' ? CLEAR : Math.abs(line) * CLEAR),
    forMs: own.for,
    grows: own.severity ?? 'own',
  };
}

export const mountOf = ({ attributes }: Series): string | undefined =>
  attributes['system.filesystem.mountpoint'];

/** The CPU as a whole, and file systems one by one, but for those that cannot fill because they are read-only. */
export function isWhole(series: Series): boolean {
  const { name, attributes } = series;
  if (!name.startsWith('system.filesystem.')) return Object.keys(attributes).length === 0;
  return mountOf(series) !== undefined && attributes['system.filesystem.mode'] !== 'ro';
}

function matches(pattern: string, { key, name }: Series): boolean {
  const wanted = glob(pattern);
  return wanted.test(key) || wanted.test(name);
}

/** `*` stands for anything, also for nothing. */
const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
