import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'homeostat-theme';

function remembered(): Theme {
  const text = localStorage.getItem(KEY);
  return text === 'light' || text === 'dark' ? text : 'auto';
}

export const theme = signal<Theme>(remembered());
/** Counts up when the colours changed: canvases must be painted again. */
export const paint = signal(0);

const resolved = new Map<string, string>();

/** The colour of a CSS variable as a canvas understands it (`light-dark()` resolved). */
export function colour(variable: string): string {
  const known = resolved.get(variable);
  if (known !== undefined) return known;
  const probe = document.createElement('i');
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(variable, found);
  return found;
}

export function nextTheme(): void {
  const order: readonly Theme[] = ['auto', 'light', 'dark'];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
}

function repaint(): void {
  resolved.clear();
  paint.value++;
}

/** Applies the theme now and whenever the person or the system changes it. */
export function followTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  theme.subscribe((value) => {
    if (value === 'auto') {
      localStorage.removeItem(KEY);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(KEY, value);
      document.documentElement.dataset.theme = value;
    }
    repaint();
  });
}
