import { emitKeypressEvents } from 'node:readline';
import { type Command, Option } from 'commander';
import { duration, printable, truncate } from '../../lib/text.ts';
import { formatValue } from '../../model/display.ts';
import type { ListedProcess, ProcessScan } from '../../model/process.ts';
import type { ToldStatus } from '../../model/status.ts';
import { type Client, requireRunning } from '../client.ts';
import { addDataOption, addHostOption, addJsonOption, countArgument } from '../options.ts';
import { type Column, table, terminalWidth } from '../table.ts';
import { describeLearning } from './status.ts';

type SortKey = 'cpu' | 'memory' | 'io';

interface TopOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
  readonly once?: true;
  readonly sort: SortKey;
  readonly limit?: number;
}

interface Listing extends Pick<ProcessScan, 'at'> {
  readonly processes: readonly ListedProcess[];
}

interface Snapshot {
  readonly status: ToldStatus;
  readonly scan: Listing;
}

export function addTop(program: Command): void {
  addHostOption(addJsonOption(addDataOption(program.command('top'))))
    .description('the machine and its processes, live in the terminal')
    .addOption(new Option('--sort <by>', 'what comes first').choices(['cpu', 'memory', 'io']).default('cpu'))
    .option('--limit <n>', 'at most so many processes', countArgument)
    .option('--once', 'print once and end (the default where the output is no terminal)')
    .addHelpText('after', '\nKeys: c, m, i sort by CPU, memory, I/O; q ends.')
    .action(async (options: TopOptions) => {
      const client = requireRunning(options.data, options.host);
      if (options.json)
        console.log(JSON.stringify(toJson(await look(client, options.host), options), null, 2));
      else if (options.once || !process.stdout.isTTY)
        console.log(renderTop(await look(client, options.host), options.sort, options.limit ?? 30));
      else await live(client, options);
    });
}

async function look(client: Client, host: string | undefined): Promise<Snapshot> {
  const [status, scan] = await Promise.all([
    client.get<ToldStatus>('status', { host }),
    client.get<Listing>('processes', { host }),
  ]);
  return { status, scan };
}

const toJson = ({ status, scan }: Snapshot, { sort, limit }: TopOptions) => ({
  at: scan.at,
  score: status.score ?? null,
  processes: sorted(scan.processes, sort).slice(0, limit),
});

/** Draws each second until `q`, Ctrl-C, or the daemon's end. */
async function live(client: Client, options: TopOptions): Promise<void> {
  let sort = options.sort;
  const stop = new AbortController();
  let wake = (): void => {};
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode?.(true);
  process.stdin.resume();
  process.stdin.on('keypress', (_, key: { name?: string; ctrl?: boolean }) => {
    if (key.name === 'q' || (key.ctrl && key.name === 'c')) stop.abort();
    sort = ({ c: 'cpu', m: 'memory', i: 'io' } as const)[key.name ?? ''] ?? sort;
    wake();
  });
  process.stdout.write('\x1b[?1049h\x1b[?25l');
  try {
    while (!stop.signal.aborted) {
      const rows = Math.max(1, (process.stdout.rows ?? 24) - 4);
      const screen = renderTop(await look(client, options.host), sort, Math.min(options.limit ?? rows, rows));
      process.stdout.write(`\x1b[H${screen.replaceAll('\n', '\x1b[K\n')}\x1b[J`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    process.stdout.write('\x1b[?25h\x1b[?1049l');
    process.stdin.setRawMode?.(false);
    process.stdin.pause();
  }
}

const io = (process: ListedProcess): number => (process.readRate ?? 0) + (process.writeRate ?? 0);

const ORDER: Readonly<Record<SortKey, (process: ListedProcess) => number>> = {
  cpu: (process) => process.cpu ?? 0,
  memory: (process) => process.rss ?? 0,
  io,
};

const sorted = (processes: readonly ListedProcess[], sort: SortKey): ListedProcess[] =>
  [...processes].sort((a, b) => ORDER[sort](b) - ORDER[sort](a) || a.pid - b.pid);

const unseen = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? '-' : format(value);

const COLUMNS: readonly Column<ListedProcess>[] = [
  { title: 'PID', value: ({ pid }) => String(pid), align: 'right' },
  { title: 'UID', value: ({ uid }) => unseen(uid, String), align: 'right' },
  { title: 'S', value: ({ state }) => state ?? '?' },
  {
    title: 'CPU',
    value: ({ cpu }) => unseen(cpu, (share) => `${(share * 100).toFixed(1)} %`),
    align: 'right',
  },
  { title: 'RSS', value: ({ rss }) => unseen(rss, (bytes) => formatValue(bytes, 'By')), align: 'right' },
  {
    title: 'READ',
    value: ({ readRate }) => unseen(readRate, (rate) => formatValue(rate, 'By/s')),
    align: 'right',
  },
  {
    title: 'WRITE',
    value: ({ writeRate }) => unseen(writeRate, (rate) => formatValue(rate, 'By/s')),
    align: 'right',
  },
  { title: 'THR', value: ({ threads }) => unseen(threads, String), align: 'right' },
  {
    title: 'COMMAND',
    value: ({ invokedAs, executable, name, args }) => {
      const program = invokedAs ?? executable;
      return program === undefined ? `[${name}]` : [program, ...args].join(' ');
    },
    flexible: true,
  },
];

function renderTop({ status, scan }: Snapshot, sort: SortKey, limit: number): string {
  const { score } = status;
  const unusual =
    score === undefined
      ? 'no score yet'
      : `score ${score.value.toFixed(1)}${score.severity ? ` ${score.severity}` : ''}`;
  const head = `${status.host.name}  as of ${duration(status.at - scan.at)} ago  ${scan.processes.length} processes  ${unusual}  anomalies open: ${status.openAnomalies}`;
  const blind = status.coverage?.healthy !== false ? '' : "  BLIND in part: see 'homeostat status'";
  const width = terminalWidth();
  // A line that wraps would push the others off the screen.
  const learning = status.learning ? [describeLearning(status.learning)] : [];
  const lines = [`${head}${blind}`, ...learning, ''].map((line) => truncate(printable(line), width));
  return `${lines.join('\n')}\n${table(COLUMNS, sorted(scan.processes, sort).slice(0, limit), width)}`;
}
