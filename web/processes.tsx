import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import type { ListedProcess } from '../src/model/process.ts';
import type { ProcessList } from './answers.ts';
import { fetchProcesses, HOST } from './api.ts';
import { optional } from './format.ts';
import { compare, Heading, moveInRows } from './rows.tsx';
import { openProcess, refill, scannedAt } from './state.ts';

interface ColumnDefinition {
  readonly id: string;
  readonly title: string;
  readonly of: (process: ListedProcess) => number | string | undefined;
  readonly shown: (process: ListedProcess) => string;
  readonly number: boolean;
  /** Left out on a narrow screen. */
  readonly wide: boolean;
}

const column = (
  id: string,
  title: string,
  of: ColumnDefinition['of'],
  shown: ColumnDefinition['shown'],
  options: { number?: boolean; wide?: boolean } = {},
): ColumnDefinition => ({
  id,
  title,
  of,
  shown,
  number: options.number ?? true,
  wide: options.wide ?? false,
});

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'blocked',
  Z: 'zombie',
  T: 'stopped',
  t: 'traced',
  I: 'idle',
  X: 'dead',
};

const COLUMNS: readonly ColumnDefinition[] = [
  column(
    'name',
    'Process',
    ({ name }) => name.toLowerCase(),
    ({ name }) => printable(name),
    { number: false },
  ),
  column(
    'pid',
    'PID',
    ({ pid }) => pid,
    ({ pid }) => String(pid),
    { wide: true },
  ),
  column(
    'cpu',
    'CPU',
    ({ cpu }) => cpu,
    ({ cpu }) => optional(cpu, '1'),
  ),
  column(
    'rss',
    'Memory',
    ({ rss }) => rss,
    ({ rss }) => optional(rss, 'By'),
  ),
  column(
    'read',
    'Reads',
    ({ readRate }) => readRate,
    ({ readRate }) => optional(readRate, 'By/s'),
    { wide: true },
  ),
  column(
    'write',
    'Writes',
    ({ writeRate }) => writeRate,
    ({ writeRate }) => optional(writeRate, 'By/s'),
    { wide: true },
  ),
  column(
    'threads',
    'Threads',
    ({ threads }) => threads,
    ({ threads }) => (threads === undefined ? '–' : String(threads)),
    { wide: true },
  ),
  column(
    'uid',
    'User',
    ({ uid }) => uid,
    ({ uid }) => (uid === undefined ? '–' : String(uid)),
    { wide: true },
  ),
  column(
    'state',
    'State',
    ({ state }) => state,
    ({ state }) => STATES[state ?? ''] ?? 'unknown',
    { number: false, wide: true },
  ),
];

const PAGE = 60;

const list = signal<ProcessList | undefined>(undefined);
const filter = signal('');
/** A hub is seldom told of a process's CPU: of its memory it always is. */
const sort = signal({ id: HOST === undefined ? 'cpu' : 'rss', down: true });
const limit = signal(PAGE);

const matching = computed(() => {
  const wanted = filter.value.trim().toLowerCase();
  const all = list.value?.processes ?? [];
  const found = wanted === '' ? [...all] : all.filter((process) => textOf(process).includes(wanted));
  const { of } = COLUMNS.find(({ id }) => id === sort.value.id)!;
  const sign = sort.value.down ? -1 : 1;
  return found.sort((one, other) => compare(of(one), of(other), sign) || one.pid - other.pid);
});

function textOf({ name, executable, invokedAs, args, pid, containerId }: ListedProcess): string {
  return [name, executable, invokedAs, ...args, pid, containerId].join(' ').toLowerCase();
}

export const processById = (id: string): ListedProcess | undefined =>
  list.value?.processes.find((one) => one.id === id);
export const processByPid = (pid: number): ListedProcess | undefined =>
  list.value?.processes.find((one) => one.pid === pid);

export function Processes() {
  const root = useRef<HTMLElement>(null);
  useEffect(() => followWhileSeen(root.current!), []);
  const found = matching.value;
  const scan = list.value;
  const unreadable = Object.entries(scan?.unreadable ?? {});
  return (
    <section class="card processes" id="processes" ref={root} aria-labelledby="processes-title">
      <header>
        <h2 id="processes-title">Processes</h2>
        <p class="now" aria-live="polite">
          {scan ? (filter.value ? `${found.length} of ${scan.total}` : `${scan.total}`) : ''}
          {scan && HOST !== undefined && ' · values as they were told last'}
          {unreadable.length > 0 &&
            ` · ${unreadable.map(([why, count]) => `${count} unreadable (${printable(why)})`).join(', ')}`}
        </p>
        <input
          id="filter"
          type="search"
          placeholder="Filter: name, path, pid …   /"
          aria-label="Filter the processes"
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
            limit.value = PAGE;
          }}
        />
      </header>
      {!scan ? (
        <div class="skeleton tall" />
      ) : scan.at === null ? (
        <p class="empty">
          <b>The first scan is on its way.</b>
        </p>
      ) : (
        <Table found={found} />
      )}
    </section>
  );
}

/** Fetches each scan while the table is in sight: hundreds of processes are not worth sending otherwise. */
function followWhileSeen(root: HTMLElement): () => void {
  let seen = false;
  const load = async (): Promise<void> => {
    try {
      list.value = await fetchProcesses();
    } catch {
      // The banner tells of a server that is gone; the next scan brings the next try.
    }
  };
  const sight = new IntersectionObserver(
    ([entry]) => {
      seen = entry?.isIntersecting ?? false;
      if (seen) void load();
    },
    { rootMargin: '300px' },
  );
  sight.observe(root);
  const stops = [scannedAt, refill].map((one) => one.subscribe(() => void (seen && load())));
  return () => {
    sight.disconnect();
    for (const stop of stops) stop();
  };
}

function Table({ found }: { readonly found: readonly ListedProcess[] }) {
  return (
    <>
      <table onKeyDown={moveInRows}>
        <thead>
          <tr>
            {COLUMNS.map((one) => (
              <Heading
                key={one.id}
                name={one.id}
                title={one.title}
                number={one.number}
                wide={one.wide}
                sorted={sort.value.id !== one.id ? 'none' : sort.value.down ? 'descending' : 'ascending'}
                onSort={() => sortBy(one)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {found.slice(0, limit.value).map((process, index) => (
            <Row key={process.id} process={process} first={index === 0} />
          ))}
        </tbody>
      </table>
      {found.length === 0 && (
        <p class="empty">
          <b>No process matches.</b>
        </p>
      )}
      {found.length > limit.value && (
        <button type="button" class="more-rows" onClick={() => (limit.value += 200)}>
          {found.length - limit.value} more
        </button>
      )}
    </>
  );
}

function sortBy({ id, number }: ColumnDefinition): void {
  const { id: by, down } = sort.peek();
  sort.value = { id, down: by === id ? !down : number };
}

function Row({ process, first }: { readonly process: ListedProcess; readonly first: boolean }) {
  const show = () => (openProcess.value = process.id);
  return (
    <tr
      tabIndex={first ? 0 : -1}
      data-process={process.id}
      onClick={show}
      onKeyDown={(event) => {
        if (event.key === 'Enter') show();
      }}
    >
      {COLUMNS.map(({ id, number, wide, shown }) => (
        <td key={id} class={`${number ? 'number' : ''} ${wide ? 'wide' : ''} ${id}`}>
          {id === 'name' ? <Name process={process} /> : shown(process)}
        </td>
      ))}
    </tr>
  );
}

function Name({ process }: { readonly process: ListedProcess }) {
  const invocation = [process.executable ?? process.invokedAs ?? '', ...process.args].join(' ').slice(0, 200);
  return (
    <>
      <span class="proc">{printable(process.name)}</span>
      <small class="path">{printable(invocation)}</small>
    </>
  );
}
