import { printable, truncate } from '../lib/text.ts';
import type { Culprit } from './anomaly.ts';
import { parseSeriesKey } from './metric.ts';
import type { MetricName } from './names.ts';
import type { Process } from './process.ts';

/** What a person calls a series: its words, in which `{attribute}` stands for the attribute's value. */
const LABELS: Readonly<Partial<Record<MetricName, string>>> = {
  'system.cpu.utilization': 'CPU {cpu.mode} time',
  'system.cpu.busiest.utilization': 'busiest CPU',
  'system.cpu.frequency': 'CPU frequency',
  'system.linux.cpu.load_1m': 'load over 1 min',
  'system.linux.cpu.load_5m': 'load over 5 min',
  'system.linux.cpu.load_15m': 'load over 15 min',
  'system.linux.run_queue': 'run queue',
  'system.linux.context_switches': 'context switches',
  'system.linux.interrupts': 'interrupts',
  'system.process.created': 'new processes and threads',
  'system.memory.usage': 'memory {system.memory.state}',
  'system.memory.utilization': 'memory in use',
  'system.memory.linux.available': 'available memory',
  'system.memory.linux.slab.usage': 'kernel slab {system.memory.linux.slab.state}',
  'system.paging.usage': 'swap {system.paging.state}',
  'system.paging.utilization': 'swap in use',
  'system.paging.operations': 'swapping {system.paging.direction}',
  'system.paging.faults': '{system.paging.fault.type} page faults',
  'system.linux.pressure.some': '{resource} pressure',
  'system.linux.pressure.full': 'full {resource} pressure',
  'system.disk.io': 'disk {disk.io.direction}',
  'system.disk.operations': 'disk {disk.io.direction} operations',
  'system.disk.io_time': 'disk busy time',
  'system.disk.await': 'disk wait',
  'system.filesystem.usage': 'file system {system.filesystem.state}',
  'system.filesystem.utilization': 'file system in use',
  'system.filesystem.inode.utilization': 'inodes in use',
  'system.network.io': 'network {network.io.direction}',
  'system.network.packet.count': 'network packets {network.io.direction}',
  'system.network.errors': 'network errors',
  'system.network.packet.dropped': 'network packets dropped',
  'system.network.connection.count': 'TCP connections {network.connection.state}',
  'system.network.tcp.retransmissions': 'TCP retransmissions',
  'system.linux.file_handles': 'open files',
  'system.linux.file_handles.utilization': 'share of open files',
  'system.process.count': '{process.state} processes',
  'system.linux.thread.count': 'threads',
  'hw.temperature': 'temperature',
  'hw.battery.charge': 'battery charge',
  'homeostat.score': 'anomaly score',
};

/** Values of attributes that people write differently. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['cpu', 'CPU'],
  ['io', 'I/O'],
]);

/** A series as people call it: `CPU user time`, `disk write (sda)`. An unknown key is shown as it is, printable. */
export function metricLabel(key: string): string {
  const known = parseSeriesKey(key);
  const template = known && LABELS[known.name];
  if (!known || template === undefined) return printable(key);
  const used = new Set<string>();
  const words = template
    .replaceAll(/\{([^}]+)\}/g, (_, attribute: string) => {
      used.add(attribute);
      const value = known.attributes[attribute] ?? '';
      return SPELLINGS.get(value) ?? value;
    })
    .replaceAll(/\s+/g, ' ')
    .trim();
  const rest = Object.entries(known.attributes).filter(([attribute]) => !used.has(attribute));
  return printable(rest.length === 0 ? words : `${words} (${rest.map(([, value]) => value).join(', ')})`);
}

/** Programs whose own name says nothing: what they run does. */
const INTERPRETER = /^(node|nodejs|python[\d.]*|bash|sh|dash|zsh|perl|ruby|php[\d.]*|java|deno|bun)$/;

/** An argument that is a file and neither an option nor its value nor a program in text. */
const SCRIPT = /^[\w@./][\w@%+=:./-]*\.\w{1,5}$|^[.~/][\w@%+=:./-]*[A-Za-z][\w-]*$/;

/**
 * What a person calls a process: the kernel's name of it, but `node server.js` where an interpreter runs a script and
 * kept a name of its own (Node's main thread is called MainThread). Hostile text.
 */
export function processName(process: Pick<Process, 'name' | 'executable' | 'invokedAs' | 'args'>): string {
  const program = baseName(process.executable ?? process.invokedAs ?? '');
  if (!INTERPRETER.test(program) || (process.name !== program && process.name !== 'MainThread'))
    return process.name;
  const script = process.args.find((argument) => SCRIPT.test(argument));
  return script === undefined ? program : `${program} ${truncate(baseName(script), 40)}`;
}

/** A name that others chose, between marks that it cannot forge. */
const quote = (name: string): string => `\`${printable(name).replaceAll('`', "'")}\``;

/** `` `xmrig` (pid 4711, started by `bash`, pid 4700) `` */
export function who(culprit: Pick<Culprit, 'name' | 'pid' | 'parent' | 'group' | 'containerId'>): string {
  const name = quote(culprit.name);
  const parent = culprit.parent
    ? `, started by ${quote(culprit.parent.name)}, pid ${culprit.parent.pid}`
    : '';
  const container = culprit.containerId ? `, container ${printable(culprit.containerId).slice(0, 12)}` : '';
  if (!culprit.group) return `${name} (pid ${culprit.pid}${parent}${container})`;
  const { count, pids } = culprit.group;
  const some = pids.slice(0, 3).join(', ');
  return `${count} processes ${name} (pids ${some}${count > 3 ? ' and more' : ''}${parent}${container})`;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A value with its UCUM unit, for people: `97 %`, `1.2 GB`, `48 MB/s`, `3.2 ms`, `412 /s`. Decimal prefixes. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return 'unknown';
  switch (unit) {
    case '1':
      return `${digits(value * 100)} %`;
    case 'By':
      return bytes(value);
    case 'By/s':
      return `${bytes(value)}/s`;
    case 's':
      return seconds(value);
    case 'Hz':
      return scaled(value, ['Hz', 'kHz', 'MHz', 'GHz']);
    case 'Cel':
      return `${digits(value)} °C`;
  }
  return unit.endsWith('/s') ? `${digits(value)} /s` : digits(value);
}

/** `1-6 %`, `1.2-1.4 GB`, `0 B to 12 MB/s`: the unit once where both ends have it. */
export function formatRange(low: number, high: number, unit: string): string {
  const from = formatValue(low, unit);
  const to = formatValue(high, unit);
  if (from === to) return to;
  const [number, symbol] = split(from);
  if (symbol !== split(to)[1]) return `${from} to ${to}`;
  return `${number}-${to}`;
}

function split(text: string): readonly [string, string] {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space)];
}

const bytes = (value: number): string => scaled(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 1 || size === 0) return `${digits(value)} s`;
  return size >= 1e-3 ? `${digits(value * 1e3)} ms` : `${digits(value * 1e6)} us`;
}

function scaled(value: number, symbols: readonly string[]): string {
  let size = value;
  let index = 0;
  // 999.5 would be written as 1000: it belongs to the next symbol.
  while (Math.abs(size) >= 999.5 && index < symbols.length - 1) {
    size /= 1000;
    index++;
  }
  return `${digits(size)} ${symbols[index]}`;
}

/** Two significant digits below ten, whole numbers above, thousands apart. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 9.95) {
    return Math.round(value)
      .toString()
      .replaceAll(/\B(?=(\d{3})+$)/g, ',');
  }
  if (size === 0) return '0';
  if (size < 0.01) return '~0';
  return String(Number(value.toPrecision(2)));
}
