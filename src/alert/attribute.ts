import type { BrokenMetric, Culprit } from '../model/anomaly.ts';
import { culpritOf, parentOf } from './culprit.ts';
import { evidence } from './evidence.ts';
import type { Baseline, ProcessChange, ProcessLedger } from './process-ledger.ts';
import { COLUMN, type ProcessTrack } from './process-track.ts';
import { demands, type MachineSize, type Resource, type ResourceDemand } from './resource.ts';

export interface AttributorOptions {
  readonly machine: MachineSize;
  /** Pids that own network sockets, where the wiring can tell: the kernel counts no network bytes a process. */
  readonly socketOwners?: () => ReadonlySet<number>;
}

/** How much of each resource's change one process, or a group of siblings, accounts for. */
interface Account {
  readonly members: ProcessChange[];
  readonly shares: Map<Resource, number>;
  /** Over all resources, weighted, 0 to 1. */
  share: number;
}

const MAX_CULPRITS = 5;
const MIN_SHARE = 0.05;
/** Changes below are the noise of a living machine: cores, bytes, bytes a second, a second. */
const NOISE: Readonly<Record<Resource, number>> = {
  cpu: 0.04,
  memory: 4e6,
  space: 4e6,
  io: 256e3,
  read: 256e3,
  write: 256e3,
  forks: 0.5,
  network: 0.03,
  switches: 100,
  files: 10,
};

/** What one call is taken for where bytes are not counted: a page. */
const BYTES_A_CALL = 4096;

/** Finds the processes that account for what broke: each process's change against its own past. */
export class Attributor {
  readonly #ledger: ProcessLedger;
  readonly #machine: MachineSize;
  readonly #socketOwners: (() => ReadonlySet<number>) | undefined;

  constructor(ledger: ProcessLedger, { machine, socketOwners }: AttributorOptions) {
    this.#ledger = ledger;
    this.#machine = machine;
    this.#socketOwners = socketOwners;
  }

  /** What was usual before `since`; to be kept as long as the anomaly lasts. */
  baseline(since: number): Baseline {
    return this.#ledger.baseline(since);
  }

  /** At most five, largest share first; none where no process changed by more than noise. */
  attribute(baseline: Baseline, metrics: readonly BrokenMetric[]): readonly Culprit[] {
    const needed = demands(metrics, this.#machine);
    if (needed.length === 0) return [];
    const changes = this.#ledger.changes(baseline);
    const accounts = new Map<ProcessChange, Account>();
    const owners = needed.some(({ resource }) => resource === 'network') ? this.#socketOwners?.() : undefined;
    for (const demand of needed) this.#share(demand, changes, owners, accounts);
    return group([...accounts.values()])
      .sort((a, b) => b.share - a.share || pidOf(a) - pidOf(b))
      .filter(({ share }) => share >= MIN_SHARE)
      .slice(0, MAX_CULPRITS)
      .map((account) => this.#culprit(account, baseline.since, owners !== undefined));
  }

  #share(
    demand: ResourceDemand,
    changes: readonly ProcessChange[],
    owners: ReadonlySet<number> | undefined,
    accounts: Map<ProcessChange, Account>,
  ): void {
    const { resource } = demand;
    const grown = growth(resource, changes, owners, demand);
    if (resource === 'forks') rollUp(grown, changes, this.#ledger);
    for (const [index, change] of changes.entries()) if (!mayAnswerFor(resource, change)) grown[index] = 0;
    const sum = grown.reduce((total, amount) => total + Math.max(0, amount), 0);
    const whole = Math.max(sum, demand.change, NOISE[resource]);
    for (const [index, change] of changes.entries()) {
      const amount = grown[index]!;
      if (amount < NOISE[resource]) continue;
      const account = accounts.get(change) ?? { members: [change], shares: new Map(), share: 0 };
      account.shares.set(resource, amount / whole);
      account.share += (demand.weight * amount) / whole;
      accounts.set(change, account);
    }
  }

  #culprit({ members, shares, share }: Account, since: number, socketsKnown: boolean): Culprit {
    const { track } = members[0]!;
    const { process } = track;
    const parent = track.parent
      ? { pid: track.parent.pid, name: track.parent.name }
      : parentOf(this.#ledger.find(process.ppid)?.process);
    const pids = members.map(({ track: { process } }) => process.pid);
    return culpritOf(process, parent, {
      share: Math.min(1, share),
      ...(pids.length > 1 && { group: { count: pids.length, pids: pids.slice(0, 20) } }),
      evidence: evidence(members, shares, since, socketsKnown),
    });
  }
}

/** The kernel's own threads write, free and swap on behalf of others; only their CPU time is their own. */
function mayAnswerFor(resource: Resource, { track }: ProcessChange): boolean {
  const { pid, ppid } = track.process;
  return resource === 'cpu' || resource === 'switches' || (pid !== 2 && ppid !== 2);
}

/** By how much each process takes more of a resource than it usually does; less, where there is less of it. */
function growth(
  resource: Resource,
  changes: readonly ProcessChange[],
  owners: ReadonlySet<number> | undefined,
  demand: ResourceDemand,
): number[] {
  const of = (column: number): number[] =>
    changes.map(({ now, usual }) => (now[column]! - usual[column]!) * demand.direction);
  // Init inherits the CPU time of orphans, which it did not start.
  const children = of(COLUMN.childCpu).map((ms, index) => (changes[index]!.track.process.pid === 1 ? 0 : ms));
  const cpu = (): number[] => of(COLUMN.cpu).map((own, index) => (own + children[index]!) / 1000);
  switch (resource) {
    case 'cpu':
      return cpu();
    case 'network':
      return cpu().map((amount, index) =>
        owners && !owners.has(changes[index]!.track.process.pid) ? 0 : amount,
      );
    case 'memory':
      return of(COLUMN.rss);
    case 'switches':
      return of(COLUMN.switches);
    case 'files':
      return of(COLUMN.files);
    case 'forks':
      return births(of(COLUMN.births), children, of(COLUMN.threads), demand.change);
    case 'read':
      return of(COLUMN.read);
    case 'io': {
      const written = of(COLUMN.write);
      return of(COLUMN.read).map((read, index) => read + written[index]!);
    }
    case 'write':
      return of(COLUMN.write);
    case 'space': {
      // Who deletes leaves no trace in what the kernel counts.
      if (demand.direction < 0) return changes.map(() => 0);
      const written = changes.map((change) => change.written);
      // Where the kernel counts no bytes (tmpfs, network file systems) the calls are all there is to go by.
      return written.some((amount) => amount >= NOISE.space)
        ? written
        : changes.map(({ calls }) => calls * BYTES_A_CALL);
    }
  }
}

/**
 * Births a second. Most children of a fork storm live and die between two scans; what the machine counted beyond
 * those seen is given to parents by the CPU time of ended children that nobody saw.
 */
function births(seen: number[], childCpu: number[], threads: number[], created: number): number[] {
  const unseenCpu = childCpu.reduce((sum, ms) => sum + Math.max(0, ms), 0);
  const unseen = Math.max(0, created - seen.reduce((sum, count) => sum + Math.max(0, count), 0));
  return seen.map((count, index) => {
    const inferred = unseenCpu > 1 ? (unseen * Math.max(0, childCpu[index]!)) / unseenCpu : 0;
    // Threads are processes to the kernel's counter; over the window of a minute they are a rate.
    return count + inferred + Math.max(0, threads[index]!) / 60;
  });
}

/**
 * A storm in which children fork in their turn has no single parent: births are carried up to the ancestor under which
 * nearly all of them happened. Init and its like (the parent of everything) is never that ancestor.
 */
function rollUp(grown: number[], changes: readonly ProcessChange[], ledger: ProcessLedger): void {
  const total = grown.reduce((sum, amount) => sum + Math.max(0, amount), 0);
  if (total <= 0 || Math.max(...grown) >= total / 2) return;
  const below = new Map<ProcessTrack, number>();
  for (const [index, { track }] of changes.entries()) {
    if (grown[index]! <= 0) continue;
    for (const ancestor of lineage(track, ledger))
      below.set(ancestor, (below.get(ancestor) ?? 0) + grown[index]!);
  }
  const common = [...below].filter(([, sum]) => sum >= 0.8 * total).map(([track]) => track);
  // The youngest of them has the longest line of ancestors.
  common.sort((a, b) => lineage(b, ledger).length - lineage(a, ledger).length);
  const index = changes.findIndex(({ track }) => track === common[0]);
  if (index < 0) return;
  grown.fill(0);
  grown[index] = total;
}

/** A process, its parent, and so on; without init, the kernel's own, and what is not known any more. */
function lineage(track: ProcessTrack, ledger: ProcessLedger): readonly ProcessTrack[] {
  const line: ProcessTrack[] = [];
  let next: ProcessTrack | undefined = track;
  while (next && next.process.pid > 2 && line.length < 64) {
    line.push(next);
    next = ledger.find(next.process.ppid);
  }
  return line;
}

/** Siblings of the same executable that changed together are one culprit: a miner is rarely one process. */
function group(accounts: readonly Account[]): Account[] {
  const groups = new Map<string, Account[]>();
  for (const account of accounts) {
    const { process, parent } = account.members[0]!.track;
    const key = `${process.executable ?? process.name}\n${parent?.id ?? process.ppid}`;
    groups.set(key, [...(groups.get(key) ?? []), account]);
  }
  return [...groups.values()].flatMap(merge);
}

/** One account of many, unless one of them stands out: then that one is the culprit and not its siblings. */
function merge(siblings: Account[]): Account[] {
  siblings.sort((a, b) => b.share - a.share || pidOf(a) - pidOf(b));
  const sum = siblings.reduce((total, { share }) => total + share, 0);
  if (siblings.length < 2 || siblings[0]!.share > 0.7 * sum) return siblings;
  const shares = new Map<Resource, number>();
  for (const account of siblings)
    for (const [resource, share] of account.shares) shares.set(resource, (shares.get(resource) ?? 0) + share);
  return [{ members: siblings.flatMap(({ members }) => members), shares, share: sum }];
}

const pidOf = (account: Account): number => account.members[0]!.track.process.pid;
