import type { FolderGrowth } from './situation.ts';

/** Sizes of folders, by path, as they were. */
export interface Walk {
  readonly at: number;
  readonly isPartial: boolean;
  readonly sizes: Readonly<Record<string, number>>;
}

/** Walks of a file system, the latest last. */
export type Walks = Readonly<Record<string, readonly Walk[]>>;

/** A folder that holds so much of the one around it tells more than that. */
const TELLING = 0.3;
/** Of all; less is not worth a line. */
const LEAST = 0.05;
const SHOWN = 10;
/** Walks that are kept of a file system. */
const KEPT = 5;

export const withWalk = (walks: Walks, mount: string, walk: Walk): Walks => ({
  ...walks,
  [mount]: [...(walks[mount] ?? []), walk].slice(-KEPT),
});

/** What the latest walk of each file system says, against the oldest that is kept and was as whole as it. */
export function growthOf(walks: Walks): ReadonlyMap<string, FolderGrowth> {
  const found = new Map<string, FolderGrowth>();
  for (const [mount, all] of Object.entries(walks)) {
    const latest = all.at(-1);
    if (!latest) continue;
    const before = all.slice(0, -1).find(({ isPartial }) => !isPartial && !latest.isPartial);
    const grown = (path: string): number | undefined =>
      before && latest.sizes[path]! - (before.sizes[path] ?? 0);
    const folders = named(latest.sizes, before && ((path) => grown(path)!), mount)
      .map((path) => ({ path, bytes: latest.sizes[path]!, grown: grown(path) }))
      .slice(0, SHOWN);
    found.set(mount, {
      ...{ at: latest.at, isPartial: latest.isPartial, beforeAt: before?.at, folders },
    });
  }
  return found;
}

/**
 * Where most of it is: from the top always into the folder that has most, as long as one has so much of it that it tells more than the one
 * around it; then the same of what is left.
 */
function named(
  sizes: Walk['sizes'],
  grown: ((path: string) => number) | undefined,
  root: string,
): readonly string[] {
  const left = new Map<string, number>();
  const below = new Map<string, string[]>();
  for (const path of Object.keys(sizes)) {
    left.set(path, Math.max(0, grown ? grown(path) : sizes[path]!));
    if (path !== root) below.set(parentOf(path), [...(below.get(parentOf(path)) ?? []), path]);
  }
  const whole = left.get(root) ?? 0;
  const found: string[] = [];
  const weight = (path: string): number => left.get(path) ?? 0;
  while (found.length < SHOWN && weight(root) > 0 && weight(root) >= LEAST * whole) {
    const path = descend(root, below, weight);
    const bytes = weight(path);
    if (bytes < LEAST * whole) break;
    found.push(path);
    if (path === root) break;
    left.set(path, 0);
    for (let around = parentOf(path); ; around = parentOf(around)) {
      left.set(around, weight(around) - bytes);
      if (around === root) break;
    }
  }
  return found;
}

function descend(
  root: string,
  below: ReadonlyMap<string, readonly string[]>,
  weight: (path: string) => number,
): string {
  let path = root;
  for (;;) {
    const [first] = (below.get(path) ?? []).toSorted((one, other) => weight(other) - weight(one));
    if (first === undefined || weight(first) < TELLING * weight(path) || weight(first) === 0) return path;
    path = first;
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
