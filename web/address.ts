import { LAYOUTS, type Layout } from './process-groups.ts';
import type { View } from './state.ts';

/** What is looked at; each has a tab. */
export const PAGES = ['overview', 'incidents', 'processes', 'models', 'coverage'] as const;
export type Page = (typeof PAGES)[number];

/** What each is called, and the letter that leads to it. */
export const TABS: Readonly<Record<Page, { readonly title: string; readonly key: string }>> = {
  overview: { title: 'Overview', key: 'o' },
  incidents: { title: 'Incidents', key: 'i' },
  processes: { title: 'Processes', key: 'p' },
  models: { title: 'Models', key: 'm' },
  coverage: { title: 'Coverage', key: 'v' },
};

/** With what a period is compared: with nothing, or with the same hours before. */
export const AGAINST = ['nothing', 'day', 'week'] as const;
export type Against = (typeof AGAINST)[number];

/** What a link to this page holds: whoever opens it sees the same. */
export interface Address {
  readonly page: Page;
  /** Undefined: whatever a fresh page shows. */
  readonly view: View | undefined;
  /** The id of the anomaly that is marked. */
  readonly anomaly: string | undefined;
  /** The id of the incident that is open. */
  readonly incident: string | undefined;
  /** The id of the process that is open. */
  readonly process: string | undefined;
  /** The moment whose processes are listed, ms since the epoch; undefined: now. */
  readonly moment: number | undefined;
  readonly layout: Layout;
  /** What the charts are laid over. */
  readonly against: Against;
}

const SECOND = 1000;

/** `location.search` -> address. What it does not know or cannot read it leaves out: an old link opens something. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const page = PAGES.find((one) => one === query.get('page')) ?? 'overview';
  return {
    page,
    view: viewOf(query),
    anomaly: query.get('anomaly') ?? undefined,
    incident: query.get('incident') ?? undefined,
    process: query.get('process') ?? undefined,
    moment: Date.parse(query.get('at') ?? '') || undefined,
    layout: LAYOUTS.find((one) => one === query.get('by')) ?? 'list',
    against: AGAINST.find((one) => one === query.get('against')) ?? 'nothing',
  };
}

function viewOf(query: URLSearchParams): View | undefined {
  const from = Date.parse(query.get('from') ?? '');
  const to = Date.parse(query.get('to') ?? '');
  if (from < to) return { kind: 'fixed', from, to };
  const span = Number(query.get('last')) * SECOND;
  return span > 0 && Number.isFinite(span) ? { kind: 'live', span } : undefined;
}

/** The query of a link, `?` included; empty for a fresh page. `host`: of a hub, whose machine it is. */
export function formatAddress(address: Address, host: string | undefined): string {
  const { page, view, anomaly, incident, process, moment, layout, against } = address;
  const query = new URLSearchParams();
  if (host !== undefined) query.set('host', host);
  if (page !== 'overview') query.set('page', page);
  if (view?.kind === 'live') query.set('last', String(Math.round(view.span / SECOND)));
  if (view?.kind === 'fixed') {
    query.set('from', new Date(view.from).toISOString());
    query.set('to', new Date(view.to).toISOString());
  }
  if (anomaly !== undefined) query.set('anomaly', anomaly);
  if (incident !== undefined) query.set('incident', incident);
  if (process !== undefined) query.set('process', process);
  if (moment !== undefined) query.set('at', new Date(moment).toISOString());
  if (layout !== 'list') query.set('by', layout);
  if (against !== 'nothing') query.set('against', against);
  // Colons are legal in a query, and times are for people too.
  const text = query.toString().replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}
