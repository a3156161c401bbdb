/** How a publish ended. */
export type Outcome = 'ok' | 'retry' | 'overload' | 'limited' | 'failed' | 'invalid' | 'denied';

/** Upper bounds of the latency's buckets, seconds: Prometheus' own defaults, with two more below. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the bus shows beside its publishes. */
export interface BusGauges {
  readonly open: number;
  readonly pending: number;
  readonly streams: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly limited: ReadonlyMap<string, number>;
}

export interface BusFigures {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly duplicates: number;
  /** Of those that were denied: envelopes without a signature that verifies, where it is required. */
  readonly unsigned: number;
  readonly inFlight: number;
}

/** Counts what the bus did; shown by Prometheus' names (prometheus.io/docs/instrumenting/exposition_formats). */
export class BusMetrics {
  readonly #outcomes: Record<Outcome, number> = {
    ...{ ok: 0, retry: 0, overload: 0, limited: 0, failed: 0, invalid: 0, denied: 0 },
  };
  readonly #buckets = new Array<number>(BOUNDS.length).fill(0);
  #seconds = 0;
  #duplicates = 0;
  #unsigned = 0;
  #inFlight = 0;
  #events = 0;
  readonly #gauges: () => BusGauges;

  constructor(gauges: () => BusGauges) {
    this.#gauges = gauges;
  }

  /** A request came; the answer is to be called once with how it ended. */
  begin(): (outcome: Outcome) => void {
    const began = performance.now();
    this.#inFlight++;
    return (outcome) => {
      this.#inFlight--;
      this.#outcomes[outcome]++;
      const seconds = (performance.now() - began) / 1000;
      this.#seconds += seconds;
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) this.#buckets[bucket]!++;
    };
  }

  duplicate(): void {
    this.#duplicates++;
  }

  unsigned(): void {
    this.#unsigned++;
  }

  /** So many events of a batch are on disk, of them `duplicates` from an earlier time. */
  events(count: number, duplicates: number): void {
    this.#events += count;
    this.#duplicates += duplicates;
  }

  figures(): BusFigures {
    const [duplicates, unsigned, inFlight] = [this.#duplicates, this.#unsigned, this.#inFlight];
    return { outcomes: { ...this.#outcomes }, duplicates, unsigned, inFlight };
  }

  /** In Prometheus' text format, version 0.0.4. */
  text(): string {
    const { ok, retry, overload, limited, failed, invalid, denied } = this.#outcomes;
    const total = ok + retry + overload + limited + failed + invalid + denied;
    const lines: string[] = [];
    const one = (name: string, type: string, help: string, value: number): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
    };
    one('bus_publish_total', 'counter', 'Publishes answered; a batch is one.', total);
    one('bus_ok_total', 'counter', 'Publishes that are on disk, duplicates included.', ok);
    one('bus_duplicate_total', 'counter', 'Envelopes and events whose key was known.', this.#duplicates);
    one('bus_events_total', 'counter', "Events of agents' batches that are on disk.", this.#events);
    one('bus_invalid_total', 'counter', 'Publishes refused for good.', invalid);
    one('bus_retry_total', 'counter', 'Publishes to be sent again.', retry + overload + limited);
    one('bus_failed_total', 'counter', 'Publishes that the log could not take.', failed);
    one('bus_denied_total', 'counter', 'Publishes of clients that are not let in.', denied);
    one('bus_unsigned_total', 'counter', 'Of them those without a signature that verifies.', this.#unsigned);
    one('bus_inflight_requests', 'gauge', 'Publishes being answered.', this.#inFlight);
    const { open, pending, streams, refused, limited: byLimit } = this.#gauges();
    one('bus_connections', 'gauge', 'Connections that are open.', open);
    one('bus_pending_connections', 'gauge', 'Of them those without a call of a known client.', pending);
    one('bus_streams', 'gauge', "Agents' streams that are open.", streams);
    const several = (
      metric: string,
      label: string,
      help: string,
      values: Iterable<[string, number]>,
    ): void => {
      lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} counter`);
      for (const [key, value] of values) lines.push(`${metric}{${label}="${key}"} ${value}`);
    };
    several(
      'bus_connections_refused_total',
      'reason',
      'Connections that were not taken.',
      Object.entries(refused),
    );
    several('bus_limited_total', 'limit', 'Times that a client was held back.', byLimit);
    const name = 'bus_publish_latency_seconds';
    lines.push(`# HELP ${name} From a request to its answer.`, `# TYPE ${name} histogram`);
    let below = 0;
    for (const [index, bound] of BOUNDS.entries()) {
      below += this.#buckets[index]!;
      lines.push(`${name}_bucket{le="${bound}"} ${below}`);
    }
    lines.push(
      `${name}_bucket{le="+Inf"} ${total}`,
      `${name}_sum ${this.#seconds}`,
      `${name}_count ${total}`,
    );
    return `${lines.join('\n')}\n`;
  }
}
