import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { nextLine, readUint, skipSpaces, skipTokens, startsWith } from '../bytes.ts';
import { Interval, pushGauge, Rate } from '../counter.ts';
import type { Host } from '../host.ts';

const SNMP = '/proc/net/snmp';
const SOCKSTAT = '/proc/net/sockstat';
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

const TCP = Buffer.from('Tcp: ');
const SOCKSTAT_TCP = Buffer.from('TCP: ');
/** Columns of the Tcp line after its label (net/ipv4/proc.c). */
const CURRENT_ESTABLISHED = 8;
const RETRANSMITTED = 11;
/** `TCP: inuse 1 orphan 0 tw 350 alloc 1 mem 215` */
const TIME_WAIT = 6;
const ALLOCATED = 8;

/**
 * The tables of single sockets cost milliseconds (the kernel walks its whole hash), so they are read seldom, and not at
 * all on a machine with more sockets than this; established and time_wait come from counters, each time.
 */
const TABLES_EVERY_MS = 30_000;
const MOST_SOCKETS = 4000;

const state = (value: string) =>
  series('system.network.connection.count', { 'network.connection.state': value });
const ESTABLISHED = state('established');
const WAITING = state('time_wait');
/** The states that only the tables tell, by their number in the tables (include/net/tcp_states.h). */
const TABLE_STATES = [
  [2, state('syn_sent')],
  [3, state('syn_received')],
  [4, state('fin_wait_1')],
  [5, state('fin_wait_2')],
  [8, state('close_wait')],
  [9, state('last_ack')],
  [10, state('listen')],
  [11, state('closing')],
] as const;

/** TCP's states and retransmissions. Established is the kernel's CurrEstab, which counts close_wait too. */
export class Tcp {
  readonly #interval = new Interval();
  readonly #retransmissions = new Rate(series('system.network.tcp.retransmissions'));
  readonly #counts = new Float64Array(16);
  #tablesAt = Number.NEGATIVE_INFINITY;
  #tablesRead = false;
  #blind: BlindSpot[] = [];

  collect(host: Host, at: number, metrics: Metric[], blind: BlindSpot[]): void {
    if (readOrBlind(host, SNMP, blind) > 0) this.#snmp(host.buffer, metrics, this.#interval.step(at));
    let sockets = Number.NaN;
    if (readOrBlind(host, SOCKSTAT, blind) > 0) sockets = sockstat(host.buffer, metrics);
    if (at - this.#tablesAt >= TABLES_EVERY_MS) {
      this.#tablesAt = at;
      this.#readTables(host, sockets);
    }
    blind.push(...this.#blind);
    if (!this.#tablesRead) return;
    for (const [number, counted] of TABLE_STATES) pushGauge(metrics, counted, this.#counts[number]!);
  }

  /** Two lines begin with `Tcp: `; the first names the columns of the second. */
  #snmp(buffer: Buffer, metrics: Metric[], seconds: number): void {
    let established = Number.NaN;
    let retransmitted = Number.NaN;
    for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
      if (!startsWith(buffer, line, TCP)) continue;
      const values = line + TCP.length;
      established = readUint(buffer, skipTokens(buffer, values, CURRENT_ESTABLISHED));
      retransmitted = readUint(buffer, skipTokens(buffer, values, RETRANSMITTED));
    }
    pushGauge(metrics, ESTABLISHED, established);
    this.#retransmissions.push(metrics, retransmitted, seconds);
  }

  #readTables(host: Host, sockets: number): void {
    this.#blind = [];
    this.#tablesRead = false;
    this.#counts.fill(0);
    if (sockets > MOST_SOCKETS) {
      const why = `${sockets} sockets are too many to look at each`;
      this.#blind.push({ what: 'TCP states other than established and time_wait', why });
      return;
    }
    for (const table of TABLES) {
      if (readOrBlind(host, table, this.#blind) > 0) {
        countStates(host.buffer, this.#counts);
        this.#tablesRead = true;
      }
    }
  }
}

/** Pushes time_wait; returns how many sockets there are, of both IP versions. */
function sockstat(buffer: Buffer, metrics: Metric[]): number {
  for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
    if (!startsWith(buffer, line, SOCKSTAT_TCP)) continue;
    const waiting = readUint(buffer, skipTokens(buffer, line, TIME_WAIT));
    pushGauge(metrics, WAITING, waiting);
    return waiting + readUint(buffer, skipTokens(buffer, line, ALLOCATED));
  }
  return Number.NaN;
}

/** `  0: 0100007F:1F90 00000000:0000 0A ...`: the state is a hexadecimal number of two digits in the fourth column. */
function countStates(buffer: Buffer, counts: Float64Array): void {
  for (let line = nextLine(buffer, 0); buffer[line] !== 0; line = nextLine(buffer, line)) {
    const digit = buffer[skipTokens(buffer, skipSpaces(buffer, line), 3) + 1] ?? 0;
    const number = digit >= 65 ? digit - 55 : digit - 48;
    if (number > 0 && number < counts.length) counts[number]! += 1;
  }
}
