import type { Clock } from '../lib/clock.ts';
import type { AgentEvent } from '../model/agent-event.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { HostSummary } from '../model/host.ts';
import { type Facts, newFacts } from './facts.ts';
import { peersFinding, silenceFinding } from './findings.ts';
import { type AnomalyQuery, type Cursor, FleetFile } from './fleet-file.ts';
import { FleetHost } from './fleet-host.ts';
import { Histories, type OpenHistory } from './history.ts';
import { Peers } from './peers.ts';
import { SilenceWatch } from './silence.ts';

const MINUTE = 60_000;
/** Histories are written in rounds of this length, ms: a row of a history that holds several reports is far smaller. */
const ROUND_MS = 30_000;
/** Of many hosts only some are open: a round of all takes longer, ms a host. */
const ROUND_MS_A_HOST = 120;
/** The share of a round over which its hosts are spread: opening and closing a history waits for the disk, and the bus for both. */
const SPREAD = 0.8;
/** No further history is written when so much of a turn is over, ms. */
const TURN_MS = 5;
/** What comes so much later than usual after it was measured was kept back, and says nothing of this minute, ms. */
const LATE_MS = 60_000;
/** A host is out for so long before it is told. */
const OUT_FOR_MS = 5 * MINUTE;

export interface FleetOptions {
  readonly clock: Clock;
  /** `fleet.db`. */
  readonly path: string;
  readonly openHistory: OpenHistory;
  /** Histories that may be open at once. */
  readonly mostOpen: number;
  readonly warn: (message: string) => void;
  /** Told of each anomaly of a host, its own and the hub's, and of each breach, as it opened, changed or closed. */
  readonly onAnomaly?: (finding: Anomaly | Breach) => void;
  /** Hosts that are let in no longer: their silence is no news. */
  readonly revoked: () => ReadonlySet<string>;
}

/** A record of the log. */
export type Place = Pick<Cursor, 'id' | 'key' | 'receivedAt'>;

/** All hosts of a hub: what they said, and what only all of them together show. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #file: FleetFile;
  readonly #histories: Histories;
  readonly #hosts = new Map<string, FleetHost>();
  readonly #silence: SilenceWatch;
  readonly #peers = new Peers();
  readonly #startedAt: number;
  /** Of whom the latest that was taken said that it stops: that is not applied yet, perhaps. */
  readonly #stopping = new Set<string>();
  /** How long after it was measured a host's report usually comes, ms; its clock's error is in it. */
  readonly #delays = new Map<string, number>();
  #minuteFrom: number;
  #read: Place | undefined;
  /** The round at hand: all up to here gets into the histories in it. */
  #round:
    | { readonly upTo: Place; readonly from: number; readonly hosts: number; left: FleetHost[] }
    | undefined;
  #roundFrom: number;
  /** Something was found of them, which their histories have not yet. */
  readonly #found = new Set<FleetHost>();
  #clean: boolean;

  /** Throws UserError where `path` cannot be opened. */
  constructor(options: FleetOptions) {
    const { clock, path, openHistory, mostOpen } = options;
    this.#options = options;
    this.#file = new FleetFile(path);
    this.#histories = new Histories(openHistory, mostOpen);
    this.#silence = new SilenceWatch(clock);
    this.#startedAt = clock.now();
    this.#minuteFrom = clock.monotonic();
    this.#roundFrom = clock.monotonic();
    for (const [name, facts] of this.#file.hosts()) this.#add(name, facts as Facts);
    const cursor = this.#file.cursor();
    this.#clean = cursor?.clean ?? true;
  }

  /** How far the log was read the last time. */
  cursor(): Cursor | undefined {
    return this.#file.cursor();
  }

  names(): string[] {
    return [...this.#hosts.keys()].sort();
  }

  host(name: string): FleetHost | undefined {
    return this.#hosts.get(name);
  }

  summaries(): HostSummary[] {
    return this.names().map((name) => this.#hosts.get(name)!.summary());
  }

  /** Of all hosts, newest first. */
  anomalies(query: AnomalyQuery): Anomaly[] {
    return this.#file.anomalies(query);
  }

  /** Applies the events of some records, in their order; `read`: the last record, whatever it was. */
  take(
    events: readonly (Place & { readonly host: string; readonly event: AgentEvent })[],
    read: Place,
  ): void {
    this.#file.together(() => {
      for (const { host, event, id, receivedAt } of events) this.#takeOne(host, event, id, receivedAt);
    });
    this.#read = read;
  }

  /** Something of this host was taken just now, whenever it will be applied; `stops`: it says that it stops. */
  heard(name: string, stops: boolean): void {
    this.#silence.heard(name);
    if (stops) this.#stopping.add(name);
    else this.#stopping.delete(name);
    const host = this.#hosts.get(name);
    if (!host) return;
    host.facts.seenAt = Math.max(host.facts.seenAt, this.#options.clock.now());
    host.touch();
  }

  #takeOne(name: string, event: AgentEvent, id: number, receivedAt: number): void {
    const host = this.#hosts.get(name) ?? this.#add(name, newFacts(receivedAt));
    host.take(event, id, receivedAt);
    // What is read again, or was kept before this start, says nothing of now.
    if (receivedAt < this.#startedAt) return;
    if (event.kind === 'metrics' && !this.#isLate(name, receivedAt - event.at)) {
      for (const [metric, value] of event.values) this.#peers.add(name, metric, value);
    }
  }

  #isLate(name: string, delay: number): boolean {
    const usual = this.#delays.get(name) ?? delay;
    this.#delays.set(name, Math.min(delay, usual + 0.01 * (delay - usual)));
    return delay - usual > LATE_MS;
  }

  #add(name: string, facts: Facts): FleetHost {
    const { warn, onAnomaly } = this.#options;
    const host = new FleetHost({
      ...{ name, facts, file: this.#file, histories: this.#histories, warn },
      ...(onAnomaly && { onAnomaly }),
    });
    this.#hosts.set(name, host);
    this.#peers.learned(name, facts.standings);
    return host;
  }

  /**
   * To be called every few seconds: who is silent, and each minute who is unlike its peers. `hears`: the hub takes what is sent to it, and
   * has applied what it took before its start.
   */
  look(hears: boolean): void {
    this.#silence.look(hears);
    const at = this.#options.clock.now();
    const revoked = this.#options.revoked();
    for (const host of this.#hosts.values()) {
      const { facts, name } = host;
      if (revoked.has(name)) {
        if (facts.silence) this.#find(host, 'silence', closed(facts.silence, at));
        continue;
      }
      const isSilent = this.#silence.isSilent(name, facts.intervalMs);
      if (facts.silence && facts.seenAt > facts.silence.raisedAt) this.#heardAgain(host, facts.silence, at);
      if (facts.silence || facts.stoppedAt !== undefined || this.#stopping.has(name) || !isSilent) continue;
      const { seenAt: since, intervalMs, heardSince } = facts;
      const watchedMs = Math.max(0, since - heardSince);
      this.#find(host, 'silence', silenceFinding({ host: name, since, at, intervalMs, watchedMs }));
    }
    const now = this.#options.clock.monotonic();
    if (now - this.#minuteFrom < MINUTE) return;
    this.#minuteFrom = now;
    this.#comparePeers(at);
  }

  #heardAgain(host: FleetHost, silence: Anomaly, at: number): void {
    host.facts.heardSince = at;
    host.facts.since = at;
    this.#find(host, 'silence', closed(silence, at));
  }

  /** Its history has it with the next turns: where all hosts fall silent at once none of them waits for all the others. */
  #find(host: FleetHost, kind: 'silence' | 'peers', finding: Anomaly): void {
    host.found(kind, finding);
    this.#found.add(host);
  }

  #comparePeers(at: number): void {
    const outliers = this.#peers.close();
    for (const [name, host] of this.#hosts) {
      const found = outliers.get(name);
      const open = host.facts.peers;
      host.facts.standings = this.#peers.standings(name);
      host.touch();
      if (!found) {
        if (open) this.#find(host, 'peers', closed(open, at));
        continue;
      }
      const finding = peersFinding(name, open?.since ?? at - OUT_FOR_MS, at, found);
      if (!open) this.#find(host, 'peers', finding);
      else if (metricsOf(open) !== metricsOf(finding))
        this.#find(host, 'peers', { ...finding, raisedAt: open.raisedAt });
    }
  }

  /** To be called some times a second: a part of what waits goes into the histories, and what is done is kept. Takes some ms, or one history. */
  work(): void {
    this.#histories.maintain(4);
    const began = this.#options.clock.monotonic();
    this.#beginRound(began);
    do {
      const host = this.#next(began);
      if (!host) break;
      this.#settle(host);
    } while (this.#options.clock.monotonic() - began < TURN_MS);
    if (!this.#round || this.#round.left.length > 0) return;
    const { upTo } = this.#round;
    this.#round = undefined;
    this.#file.together(() => this.#file.keepCursor({ ...upTo, clean: false }));
  }

  #beginRound(now: number): void {
    if (this.#round || !this.#read || now - this.#roundFrom < this.#roundMs()) return;
    this.#roundFrom = now;
    const left = [...this.#hosts.values()];
    this.#round = { upTo: this.#read, from: now, hosts: left.length, left };
  }

  /** Whose history is to be written now. */
  #next(now: number): FleetHost | undefined {
    const [found] = this.#found;
    if (found || !this.#round) return found;
    const { from, hosts, left } = this.#round;
    const due = Math.ceil((hosts * (now - from)) / (SPREAD * this.#roundMs()));
    return hosts - left.length < due ? left.pop() : undefined;
  }

  #settle(host: FleetHost): void {
    const isFound = this.#found.delete(host);
    const upTo = this.#round?.upTo.id ?? Number.NEGATIVE_INFINITY;
    if (isFound || (host.waitingFrom ?? Number.POSITIVE_INFINITY) <= upTo) host.settle();
    host.tellProcesses();
    try {
      this.#file.together(() => host.keep());
    } catch (error) {
      // The log is read from before this round again.
      host.touch();
      this.#round = undefined;
      throw error;
    }
  }

  #roundMs(): number {
    return Math.max(ROUND_MS, this.#hosts.size * ROUND_MS_A_HOST);
  }

  /** All that was read is in the histories, and they are closed. */
  close(): void {
    for (const host of this.#hosts.values()) host.settle();
    this.#histories.close();
    const read = this.#read ?? (this.#clean ? undefined : this.#file.cursor());
    this.#file.together(() => {
      for (const host of this.#hosts.values()) host.keep();
      if (read) this.#file.keepCursor({ ...read, clean: true });
    });
    this.#file.close();
  }
}

const closed = (finding: Anomaly, at: number): Anomaly => ({ ...finding, state: 'closed', closedAt: at });

/** Which metrics a finding names. */
const metricsOf = ({ metrics }: Anomaly): string =>
  metrics
    .map(({ metric }) => metric)
    .sort()
    .join();
