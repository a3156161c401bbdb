import type { Host } from '../host.ts';

/** A control group of version 2 as Documentation/admin-guide/cgroup-v2.rst has it; undefined: no bound, or not to be seen. */
export interface ControlGroupFacts {
  readonly memory: number | undefined;
  readonly memoryMax: number | undefined;
  readonly oomKills: number | undefined;
  /** Cores. */
  readonly cpuMax: number | undefined;
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
}

const ROOT = '/sys/fs/cgroup';

/** What a group may take and took; undefined where there is no such group, or one of version 1. Read on demand only. */
export function controlGroup(host: Host, path: string): ControlGroupFacts | undefined {
  if (!path.startsWith('/') || path.split('/').includes('..')) return undefined;
  const folder = `${ROOT}${path}`;
  const stat = text(host, `${folder}/cpu.stat`);
  if (stat === undefined) return undefined;
  const [quota, period] = (text(host, `${folder}/cpu.max`) ?? '').split(' ').map(Number);
  return {
    memory: whole(text(host, `${folder}/memory.current`)),
    memoryMax: whole(text(host, `${folder}/memory.max`)),
    oomKills: labelled(text(host, `${folder}/memory.events`), 'oom_kill'),
    cpuMax: quota! > 0 && period! > 0 ? quota! / period! : undefined,
    periods: labelled(stat, 'nr_periods'),
    throttledPeriods: labelled(stat, 'nr_throttled'),
  };
}

function text(host: Host, path: string): string | undefined {
  const length = host.read(path);
  return length >= 0 ? host.buffer.toString('latin1', 0, length).trim() : undefined;
}

/** A number; `max` is none. */
const whole = (line: string | undefined): number | undefined =>
  line !== undefined && /^\d+$/.test(line) ? Number(line) : undefined;

function labelled(lines: string | undefined, label: string): number | undefined {
  const found = lines
    ?.split('\n')
    .find((line) => line.startsWith(`${label} `))
    ?.slice(label.length + 1);
  return whole(found);
}
