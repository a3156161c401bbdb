import { computed, signal } from '@preact/signals';
import type { ListedProcess } from '../src/model/process.ts';
import type { ProcessList } from './answers.ts';
import { fetchProcesses, HOST } from './api.ts';
import { COLUMNS } from './process-columns.ts';
import { compare } from './rows.tsx';
import { moment, refill, scannedAt } from './state.ts';

/** Rows that are shown before more are asked for. */
const FIRST_ROWS = 60;

/** The processes of now, or of the moment that is looked at. */
export const list = signal<ProcessList | undefined>(undefined);
export const filter = signal('');
/** A hub is seldom told of a process's CPU: of its memory it always is. */
export const sort = signal({ id: HOST === undefined ? 'cpu' : 'rss', down: true });
export const limit = signal(FIRST_ROWS);

/** Those that match the filter, in the order that was chosen. */
export const matching = computed(() => {
  const wanted = filter.value.trim().toLowerCase();
  const all = list.value?.processes ?? [];
  const found = wanted === '' ? [...all] : all.filter((process) => textOf(process).includes(wanted));
  const { of } = COLUMNS.find(({ id }) => id === sort.value.id) ?? COLUMNS[0]!;
  const sign = sort.value.down ? -1 : 1;
  return found.sort((one, other) => compare(of(one), of(other), sign) || one.pid - other.pid);
});

function textOf({ name, executable, invokedAs, args, pid, uid, containerId }: ListedProcess): string {
  const user = uid === undefined ? '' : `uid ${uid}`;
  return [name, executable, invokedAs, ...args, pid, user, containerId].join(' ').toLowerCase();
}

export const processById = (id: string): ListedProcess | undefined =>
  list.value?.processes.find((one) => one.id === id);
export const processByPid = (pid: number): ListedProcess | undefined =>
  list.value?.processes.find((one) => one.pid === pid);

export function showOnly(text: string): void {
  filter.value = text;
  limit.value = FIRST_ROWS;
}

/** A click on the head of the column that sorts already turns the order around. */
export function sortBy(id: string, downFirst: boolean): void {
  const before = sort.peek();
  sort.value = { id, down: before.id === id ? !before.down : downFirst };
}

/** Fetches each scan while the table is in sight: hundreds of processes are not worth sending otherwise. */
export function followWhileSeen(root: HTMLElement): () => void {
  let seen = false;
  let loaded: number | undefined | 'nothing' = 'nothing';
  const load = async (): Promise<void> => {
    const wanted = moment.peek();
    // What is over does not change.
    if (wanted !== undefined && wanted === loaded) return;
    try {
      const found = await fetchProcesses(wanted);
      if (wanted !== moment.peek()) return;
      loaded = wanted;
      list.value = found;
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
  const stops = [scannedAt, refill, moment].map((one) => one.subscribe(() => void (seen && load())));
  return () => {
    sight.disconnect();
    for (const stop of stops) stop();
  };
}
