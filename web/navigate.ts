import { batch, effect, signal } from '@preact/signals';
import { type Address, formatAddress, type Page, parseAddress } from './address.ts';
import { HOST } from './api.ts';
import {
  against,
  layout,
  MINUTE,
  moment,
  openIncident,
  openProcess,
  selected,
  selectedId,
  showAnomaly,
  type View,
  view,
} from './state.ts';

const begun = parseAddress(location.search);

export const page = signal<Page>(begun.page);

/** What a page shows that nobody asked for anything else. */
const FRESH: View = { kind: 'live', span: 15 * MINUTE };

/** The link named a period: the page does not choose one by itself. */
export const isPeriodGiven = begun.view !== undefined;

const current = (): Address => ({
  page: page.value,
  view: view.value.kind === 'live' && view.value.span === FRESH.span ? undefined : view.value,
  anomaly: selectedId.value,
  incident: openIncident.value,
  process: openProcess.value,
  moment: moment.value,
  layout: layout.value,
  against: against.value,
});

/** The query that leads to another page of the same machine, in the same period. */
export const hrefOf = (to: Page): string =>
  formatAddress({ ...current(), page: to, process: undefined }, HOST) || './';

/** The whole address of what is seen now, with the times of a moving period: it shows the same tomorrow. */
export function permanentLink(period: { readonly from: number; readonly to: number }): string {
  const shown = formatAddress({ ...current(), view: { kind: 'fixed', ...period } }, HOST);
  return `${location.origin}${location.pathname}${shown}`;
}

export function goTo(to: Page): void {
  if (page.peek() !== to) scrollTo(0, 0);
  page.value = to;
}

/** Follows the link that opened the page, writes what is seen into the address, and obeys the browser's way back. */
export function followAddress(): void {
  apply(begun);
  let before = begun;
  effect(() => {
    const now = current();
    const text = formatAddress(now, HOST);
    if (text === formatAddress(before, HOST)) return;
    history[isStep(before, now) ? 'pushState' : 'replaceState'](null, '', text || location.pathname);
    before = now;
  });
  if (begun.anomaly !== undefined && begun.view === undefined) {
    const stop = effect(() => {
      if (!selected.value) return;
      queueMicrotask(() => stop());
      showAnomaly(selected.peek()!);
    });
  }
  addEventListener('popstate', () => {
    before = parseAddress(location.search);
    apply(before);
  });
}

/** Whether the way back should stop between them. Zooming and moving in time are one step. */
function isStep(before: Address, now: Address): boolean {
  return (
    before.page !== now.page ||
    before.anomaly !== now.anomaly ||
    before.incident !== now.incident ||
    before.process !== now.process ||
    before.layout !== now.layout ||
    before.view?.kind !== now.view?.kind
  );
}

function apply(address: Address): void {
  batch(() => {
    page.value = address.page;
    view.value = address.view ?? FRESH;
    selectedId.value = address.anomaly;
    openIncident.value = address.incident;
    openProcess.value = address.process;
    moment.value = address.moment;
    layout.value = address.layout;
    against.value = address.against;
  });
}
