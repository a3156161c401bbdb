import { quantile, sortFinite } from '../lib/quantile.ts';
import type { Cell, Column, Piece } from '../lib/table.ts';
import type { ProcessEvent } from '../model/process-event.ts';
import { HostProcesses, type SeenProcess, type WindowOfHost } from './host-processes.ts';
import { PROCESS_CLASSES } from './paths.ts';

/** Windows over which rolling means go, this one included. */
const ROLLING = 10;
/** An executable is rare where at most this share of the host's windows so far had it, once there were so many windows. */
const RARE_SHARE = 0.05;
const RARE_AFTER = 20;
/** Executables that are remembered of a host; those that only one window had are forgotten first. */
const MOST_EXECUTABLES = 50_000;

const CLASS_RATIOS = PROCESS_CLASSES.map((name) => `process.class.${name}.ratio`);
const MEASURES = [
  'events',
  'system.process.count',
  'system.process.created',
  'process.ended',
  'process.executable.unique',
  'process.executable.entropy',
  'process.executable.evenness',
  'process.executable.new',
  'process.executable.rare',
  ...CLASS_RATIOS,
  'process.user.unique',
  'process.args_count.mean',
  'process.command_line.length.mean',
  'process.command_line.length.p95',
  'process.command_line.length.max',
];
const WITH_DELTA = MEASURES.slice(0, 6);
const WITH_MEAN = MEASURES.slice(0, 6);

/** Documented column by column in docs/export.md. */
export const FEATURE_COLUMNS: readonly Column[] = [
  { name: 'time', type: 'time' },
  { name: 'window.seconds', type: 'integer' },
  { name: 'host.name', type: 'text' },
  ...MEASURES.map((name) => ({ name, type: 'number' }) as const),
  ...WITH_DELTA.map((name) => ({ name: `${name}.delta`, type: 'number' }) as const),
  ...WITH_MEAN.map((name) => ({ name: `${name}.mean_${ROLLING}`, type: 'number' }) as const),
];

/** A process that was seen; `at` in ms since the epoch. */
export interface TimedProcess {
  readonly host: string;
  readonly at: number;
  readonly process: ProcessEvent;
}

/**
 * Features of processes in the order of time: a piece a window with a row for each host that was heard in it, by name. A piece's
 * position is the beginning of its window. `total`: how many processes there will be.
 */
export function* features(
  processes: Iterable<TimedProcess>,
  windowMs: number,
  total: number,
): Generator<Piece> {
  const hosts = new Map<string, FeaturesOfHost>();
  const heard = new Set<string>();
  let start = Number.NaN;
  let done = 0;
  const piece = (): Piece => {
    const rows = [...heard].sort().map((host) => hosts.get(host)!.close(start));
    heard.clear();
    return { rows, position: start, share: done / total };
  };
  for (const { host, at, process } of processes) {
    const window = Math.floor(at / windowMs) * windowMs;
    if (heard.size > 0 && window !== start) yield piece();
    start = window;
    heard.add(host);
    let ofHost = hosts.get(host);
    if (!ofHost) {
      ofHost = new FeaturesOfHost(host, windowMs);
      hosts.set(host, ofHost);
    }
    ofHost.processes.add(process, at);
    done++;
  }
  if (heard.size > 0) yield piece();
}

type Measures = Readonly<Record<string, number | undefined>>;

class FeaturesOfHost {
  readonly processes = new HostProcesses();
  readonly #host: string;
  readonly #windowMs: number;
  /** In how many windows each executable was. */
  readonly #windowsWith = new Map<string, number>();
  #windows = 0;
  /** The latest windows that there were. */
  #latest: { readonly start: number; readonly measures: Measures }[] = [];

  constructor(host: string, windowMs: number) {
    this.#host = host;
    this.#windowMs = windowMs;
  }

  close(start: number): readonly Cell[] {
    const measures = this.#measure(this.processes.close(start + this.#windowMs));
    const before = this.#latest.at(-1);
    const next = before && before.start === start - this.#windowMs ? before.measures : {};
    const oldest = start - (ROLLING - 1) * this.#windowMs;
    this.#latest = [...this.#latest.filter((one) => one.start >= oldest), { start, measures }];
    return [
      ...[start, this.#windowMs / 1000, this.#host],
      ...MEASURES.map((name) => measures[name]),
      ...WITH_DELTA.map((name) => difference(measures[name], next[name])),
      ...WITH_MEAN.map((name) => mean(this.#latest.map((one) => one.measures[name]))),
    ];
  }

  #measure({ events, created, ended, alive, present }: WindowOfHost): Measures {
    const lengths = sortFinite(present.map(({ length }) => length));
    return {
      events,
      'system.process.count': alive,
      'system.process.created': created,
      'process.ended': ended,
      ...this.#executables(present),
      ...classRatios(present),
      'process.user.unique': new Set(present.map(({ uid }) => uid)).size,
      'process.args_count.mean': mean(present.map(({ argsCount }) => argsCount)),
      'process.command_line.length.mean': mean(present.map(({ length }) => length)),
      'process.command_line.length.p95': quantile(lengths, 0.95),
      'process.command_line.length.max': lengths.at(-1),
    };
  }

  #executables(present: readonly SeenProcess[]): Measures {
    const counts = new Map<string, number>();
    for (const { executable } of present)
      if (executable !== '') counts.set(executable, (counts.get(executable) ?? 0) + 1);
    const first = this.#windows === 0;
    this.#windows++;
    let fresh = 0;
    let rare = 0;
    for (const path of counts.keys()) {
      const windows = (this.#windowsWith.get(path) ?? 0) + 1;
      this.#windowsWith.set(path, windows);
      if (windows === 1) fresh++;
      if (windows <= RARE_SHARE * this.#windows) rare++;
    }
    this.#forget();
    const bits = entropy([...counts.values()]);
    return {
      'process.executable.unique': counts.size,
      'process.executable.entropy': bits,
      'process.executable.evenness': counts.size > 1 ? bits / Math.log2(counts.size) : undefined,
      'process.executable.new': first ? undefined : fresh,
      'process.executable.rare': this.#windows < RARE_AFTER ? undefined : rare,
    };
  }

  #forget(): void {
    if (this.#windowsWith.size <= MOST_EXECUTABLES) return;
    for (const [path, windows] of this.#windowsWith) if (windows === 1) this.#windowsWith.delete(path);
  }
}

/** Shannon's entropy of the shares, bits. */
function entropy(counts: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => sum - (count / all) * Math.log2(count / all), 0);
}

function classRatios(present: readonly SeenProcess[]): Measures {
  const counts = new Map<string, number>();
  for (const { processClass } of present) counts.set(processClass, (counts.get(processClass) ?? 0) + 1);
  return Object.fromEntries(
    PROCESS_CLASSES.map((name, index) => [CLASS_RATIOS[index]!, (counts.get(name) ?? 0) / present.length]),
  );
}

const difference = (now: number | undefined, before: number | undefined): number | undefined =>
  now === undefined || before === undefined ? undefined : now - before;

/** Of those that are known; undefined where none is. */
function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}
