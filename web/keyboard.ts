import { HOST } from './api.ts';
import { anomalies, helpOpen, openProcess, RANGES, selectedId, showAnomaly, showLive } from './state.ts';
import { nextTheme } from './theme.ts';

const jump = (id: string) => () => document.getElementById(id)?.scrollIntoView();

type Actions = Readonly<Record<string, () => void>>;

const EVERYWHERE: Actions = {
  '?': () => (helpOpen.value = true),
  '/': () => {
    document.getElementById('filter')?.scrollIntoView({ block: 'center' });
    document.getElementById('filter')?.focus();
  },
  t: nextTheme,
};

const MACHINE: Actions = {
  ...EVERYWHERE,
  ...(HOST !== undefined && { h: () => location.assign('./') }),
  l: () => showLive(),
  j: () => step(1),
  k: () => step(-1),
  c: jump('charts'),
  p: jump('processes'),
  Escape: () => showLive(),
  ...Object.fromEntries(RANGES.map(({ span }, index) => [String(index + 1), () => showLive(span)])),
};

/** One letter, one thing; nothing while a person writes or a dialog is open. */
export function followKeyboard(page: 'hosts' | 'machine'): void {
  const actions = page === 'hosts' ? EVERYWHERE : MACHINE;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || openProcess.peek() || helpOpen.peek()) return;
    const writing = event.target instanceof HTMLInputElement;
    if (writing) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function step(by: number): void {
  const all = anomalies.peek() ?? [];
  if (all.length === 0) return;
  const here = all.findIndex(({ id }) => id === selectedId.peek());
  const next = all[here < 0 ? 0 : Math.max(0, Math.min(all.length - 1, here + by))]!;
  showAnomaly(next);
  document.querySelector(`[data-anomaly="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: 'nearest' });
}
