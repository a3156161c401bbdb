/**
 * Interfaces from /proc/net/dev, TCP from /proc/net/snmp, sockstat and tcp (Documentation/networking/proc_net_tcp.rst).
 *
 * The sums are over every interface, loopback included: a flood on loopback is a flood. A packet that passes several
 * interfaces (a container's, the bridge, the card) is counted at each, as everywhere in Linux. The ends of containers'
 * and virtual machines' cables are in the sums but have no series of their own: their names are random and never return.
 */
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { nextLine, readUint, skipSpaces, skipTokens } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { Counter, Interval, pushGauge } from '../counter.ts';
import type { Host } from '../host.ts';
import { Rows } from '../rows.ts';
import { Tcp } from './tcp.ts';

const DEV = '/proc/net/dev';
const COLON = 58;
const HEADER_LINES = 2;
const CABLE_ENDS = /^(?:veth|cali|lxc|vnet|tap|fwpr|fwln|azv|eni)/;

/** Columns after the colon: 8 of what was received, 8 of what was sent. */
const RECEIVED = { bytes: 0, packets: 1, errors: 2, dropped: 3 } as const;
const SENT = { bytes: 8, packets: 9, errors: 10, dropped: 11 } as const;
const COLUMNS = 12;

type Sink = (metrics: Metric[], increases: Float64Array, seconds: number) => void;

/** Pushes the rates of one interface, or of all; errors and drops of both directions also as one. */
function sink(name: string | undefined): Sink {
  const of = name === undefined ? {} : { 'network.interface.name': name };
  const receive = { ...of, 'network.io.direction': 'receive' };
  const transmit = { ...of, 'network.io.direction': 'transmit' };
  const columns = [
    [series('system.network.io', receive), RECEIVED.bytes],
    [series('system.network.io', transmit), SENT.bytes],
    [series('system.network.packet.count', receive), RECEIVED.packets],
    [series('system.network.packet.count', transmit), SENT.packets],
  ] as const;
  const both = [
    [series('system.network.errors', of), RECEIVED.errors, SENT.errors],
    [series('system.network.packet.dropped', of), RECEIVED.dropped, SENT.dropped],
  ] as const;
  return (metrics, increases, seconds) => {
    for (const [rated, column] of columns) {
      const value = increases[column]! / seconds;
      if (value >= 0) pushGauge(metrics, rated, value);
    }
    for (const [rated, received, sent] of both) {
      const value = (increases[received]! + increases[sent]!) / seconds;
      if (value >= 0) pushGauge(metrics, rated, value);
    }
  };
}

class Interface {
  readonly increases = new Float64Array(COLUMNS);
  readonly push: Sink | undefined;
  readonly #counters = Array.from({ length: COLUMNS }, () => new Counter());

  constructor(name: string) {
    this.push = CABLE_ENDS.test(name) ? undefined : sink(name);
  }

  read(buffer: Buffer, firstColumn: number): void {
    let offset = firstColumn;
    for (let column = 0; column < COLUMNS; column++) {
      this.increases[column] = this.#counters[column]!.increase(readUint(buffer, offset));
      offset = skipTokens(buffer, offset, 1);
    }
  }
}

export function createNetworkCollector(): Collector {
  return new LinuxNetwork();
}

class LinuxNetwork implements Collector {
  readonly name = 'network';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  readonly #interval = new Interval();
  readonly #rows = new Rows((name) => new Interface(name));
  readonly #sum = sink(undefined);
  readonly #sums = new Float64Array(COLUMNS);
  readonly #tcp = new Tcp();

  async collect(host: Host, at: number): Promise<Collection> {
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [];
    if (readOrBlind(host, DEV, blind) > 0) {
      this.#interfaces(host.buffer, metrics, this.#interval.step(at));
    }
    this.#tcp.collect(host, at, metrics, blind);
    return { metrics, blind };
  }

  #interfaces(buffer: Buffer, metrics: Metric[], seconds: number): void {
    const sums = this.#sums.fill(0);
    let summed = 0;
    let line = 0;
    for (let header = 0; header < HEADER_LINES; header++) line = nextLine(buffer, line);
    for (; buffer[line] !== 0; line = nextLine(buffer, line)) {
      const name = skipSpaces(buffer, line);
      const colon = nameEnd(buffer, name);
      if (colon < 0) continue;
      const network = this.#rows.next(buffer, name, colon);
      network.read(buffer, skipSpaces(buffer, colon + 1));
      network.push?.(metrics, network.increases, seconds);
      summed += add(sums, network.increases);
    }
    this.#rows.end();
    if (summed > 0) this.#sum(metrics, sums, seconds);
  }
}

/** Adds what is known: an interface that is new, or whose counters fell, adds nothing this time. Returns 1 if it added. */
function add(sums: Float64Array, increases: Float64Array): number {
  if (increases.some(Number.isNaN)) return 0;
  for (let column = 0; column < COLUMNS; column++) sums[column]! += increases[column]!;
  return 1;
}

/** The last colon of the name: `eth0:` and the old alias `eth0:1:` both end at one with a space or a digit behind it. */
function nameEnd(buffer: Buffer, name: number): number {
  const end = nextLine(buffer, name);
  for (let offset = end - 1; offset >= name; offset--) if (buffer[offset] === COLON) return offset;
  return -1;
}
