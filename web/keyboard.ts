import { PAGES, TABS } from './address.ts';
import { HOST } from './api.ts';
import { goTo } from './navigate.ts';
import {
  anomalies,
  helpOpen,
  move,
  openProcess,
  paletteOpen,
  period,
  RANGES,
  selectedId,
  showAnomaly,
  showLive,
  zoom,
} from './state.ts';
import { nextTheme } from './theme.ts';

type Actions = Readonly<Record<string, () => void>>;

const focusFilter = (): void => document.getElementById('filter')?.focus();

const EVERYWHERE: Actions = {
  '?': () => (helpOpen.value = true),
  '/': focusFilter,
  t: nextTheme,
};

const MACHINE: Actions = {
  ...EVERYWHERE,
  ...(HOST !== undefined && { h: () => location.assign('./') }),
  l: () => showLive(),
  j: () => step(1),
  k: () => step(-1),
  '/': () => {
    goTo('processes');
    // The page is made in a microtask of its own, before this one.
    queueMicrotask(focusFilter);
  },
  ...Object.fromEntries(PAGES.map((page) => [TABS[page].key, () => goTo(page)])),
  Escape: () => showLive(),
  '+': () => zoom(1 / 2),
  '-': () => zoom(2),
  '[': () => moveBy(-1 / 2),
  ']': () => moveBy(1 / 2),
  ...Object.fromEntries(RANGES.map(({ span }, index) => [String(index + 1), () => showLive(span)])),
};

/** One letter, one thing; nothing while a person writes or a dialog is open. */
export function followKeyboard(page: 'hosts' | 'machine'): void {
  const actions = page === 'hosts' ? EVERYWHERE : MACHINE;
  document.addEventListener('keydown', (event) => {
    if (page === 'machine' && event.key === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      paletteOpen.value = true;
      return;
    }
    if (paletteOpen.peek()) return;
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

/** By that share of what is shown. */
function moveBy(share: number): void {
  const { from, to } = period();
  move((to - from) * share);
}

function step(by: number): void {
  const all = anomalies.peek() ?? [];
  if (all.length === 0) return;
  const here = all.findIndex(({ id }) => id === selectedId.peek());
  const next = all[here < 0 ? 0 : Math.max(0, Math.min(all.length - 1, here + by))]!;
  showAnomaly(next);
  document.querySelector(`[data-anomaly="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: 'nearest' });
}
