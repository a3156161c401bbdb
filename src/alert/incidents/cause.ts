import type { Culprit } from '../../model/anomaly.ts';
import { processName } from '../../model/display.ts';
import type { Signal } from '../../model/incident.ts';
import { type Attributes, parseSeriesKey } from '../../model/metric.ts';
import type { MetricGroup } from '../../model/names.ts';

/** What is behind a signal, as far as it says. */
export interface Cause {
  /** For a person: `process /usr/bin/node server.js`, `filesystem /var`, `host silent`, `cpu`. Hostile text. */
  readonly label: string;
  /** The program that is named first. */
  readonly program?: string;
  /** What is full or gone, whoever did it: nothing else is one with it. */
  readonly subject?: string;
  /** What is short, where nobody is named. */
  readonly resource?: string;
}

/** Whoever accounts for less than this is not what it is about. */
const LEAST_SHARE = 0.3;

/** What the signals of an incident named so far, oldest first. */
export interface NamedCauses {
  readonly programs: readonly string[];
  readonly subjects: readonly string[];
  readonly resources: readonly string[];
}

/** What a signal is about: its host where that is silent, the file system that fills, the program that is named first, or what is short. */
export function causeOf({ kind, metrics, culprits }: Signal): Cause {
  if (kind === 'silence') return { label: 'host silent', subject: 'host silent' };
  const known = metrics[0] && parseSeriesKey(metrics[0].metric);
  const resource = known && resourceOf(known.definition.group, known.attributes);
  if (kind === 'peers') {
    const label = `unlike its peers: ${resource ?? 'the machine'}`;
    return { label, subject: label };
  }
  const mount = known?.attributes['system.filesystem.mountpoint'];
  if (mount !== undefined) return { label: `filesystem ${mount}`, subject: `filesystem ${mount}` };
  const [first] = culprits;
  const program = first && first.share >= LEAST_SHARE ? programOf(first) : undefined;
  return {
    label: program === undefined ? (resource ?? 'the machine') : `process ${program}`,
    ...(program !== undefined && { program }),
    ...(resource !== undefined && { resource }),
  };
}

/**
 * Whether a signal's cause is the one of an incident: the same subject, the same program, or the same is short and one of both names
 * nobody. Of an incident that is over both must name nobody.
 */
export function isOneWith(cause: Cause, named: NamedCauses, isOpen: boolean): boolean {
  const { subjects, programs, resources } = named;
  if (cause.subject !== undefined) return subjects.includes(cause.subject);
  if (subjects.length > 0) return false;
  if (cause.program !== undefined && programs.length > 0) return programs.includes(cause.program);
  const isNameless = cause.program === undefined && programs.length === 0;
  return (isOpen || isNameless) && cause.resource !== undefined && resources.includes(cause.resource);
}

/** Load and pressure are other words for what is short. */
function resourceOf(group: MetricGroup, attributes: Attributes): string {
  if (group === 'load') return 'cpu';
  if (group !== 'pressure') return group;
  const { resource = 'cpu' } = attributes;
  return resource === 'io' ? 'disk' : resource;
}

/**
 * What is alike among processes: the executable, of an interpreter with what it runs, whatever a process calls itself. A thread of the
 * kernel is alike by its name up to what numbers it: `kworker/0:1` is `kworker`.
 */
function programOf({ executable, name, commandLine }: Culprit): string {
  if (executable === undefined) return name.split('/')[0]!;
  const base = executable.slice(executable.lastIndexOf('/') + 1);
  const [invokedAs, ...args] = commandLine.split(' ');
  const runs = name.startsWith(`${base} `) ? name : processName({ name: base, executable, invokedAs, args });
  return executable + runs.slice(base.length);
}
