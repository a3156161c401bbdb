import type { Exposition, MetricsPage } from '../../model/exposition.ts';
import type { HostState, HostSummary } from '../../model/host.ts';
import type { Tick } from '../../model/metric.ts';
import { METRICS, type MetricName } from '../../model/names.ts';
import { describe, type Family, familiesOf } from '../family.ts';
import { metricName } from './name.ts';
import {
  CONTENT_TYPES,
  endText,
  type Format,
  familyText,
  formatOf,
  headText,
  labelsText,
  reformatted,
  sampleText,
} from './text.ts';

/** What a hub knows of a host now. */
export interface ToldHost {
  readonly summary: HostSummary;
  /** What it told last, by its own clock. */
  readonly latest: Tick | undefined;
  /** How many there are. */
  readonly openIncidents: number;
}

export interface HubPageOptions {
  /** What the hub tells of itself, in Prometheus' text format 0.0.4. */
  readonly figures: () => string;
  readonly hosts: () => readonly ToldHost[];
}

/** A page has so many hosts at the most, by their names; the others are counted. */
export const MOST_HOSTS = 1000;
const STATES: readonly HostState[] = ['up', 'silent', 'stopped', 'never', 'revoked'];
const SEVERITIES = ['LOW', 'MEDIUM', 'HIGH'] as const;

interface HostFigure extends Omit<Family, 'points'> {
  /** Samples of a host, as text after the metric's name. */
  readonly values: (host: ToldHost) => readonly (readonly [state: string, value: number])[];
}

const figure = (
  name: string,
  unit: string,
  description: string,
  valueIn: (host: HostSummary) => number | undefined,
): HostFigure => ({
  ...{ name: `homeostat.host.${name}`, kind: 'gauge', unit, description },
  values: ({ summary }) => {
    const value = valueIn(summary);
    return value === undefined ? [] : [['', value]];
  },
});

const FIGURES: readonly HostFigure[] = [
  {
    ...{ name: 'homeostat.host.state', kind: 'gauge', unit: '' },
    description: '1 for the state that the host is in.',
    values: ({ summary: { state } }) => STATES.map((one) => [one, one === state ? 1 : 0]),
  },
  figure('seen.timestamp', 's', 'When the hub heard of it last, since the epoch.', ({ seenAt }) =>
    seenAt === undefined ? undefined : seenAt / 1000,
  ),
  figure('anomalies.open', '{anomaly}', 'Anomalies that are open.', ({ openAnomalies }) => openAnomalies),
  {
    ...{ name: 'homeostat.host.incidents.open', kind: 'gauge', unit: '{incident}' },
    description: 'Incidents that are open.',
    values: ({ openIncidents }) => [['', openIncidents]],
  },
  figure('severity', '', 'The worst of them: 0 none, 1 LOW, 2 MEDIUM, 3 HIGH.', ({ worst }) =>
    worst === undefined ? 0 : SEVERITIES.indexOf(worst) + 1,
  ),
  figure('healthy', '', '1 while it sees all that it should.', ({ healthy }) =>
    healthy === undefined ? undefined : Number(healthy),
  ),
];

const NOT_EXPORTED: Omit<Family, 'points'> = {
  ...{ name: 'hub.hosts.not_exported', kind: 'gauge', unit: '' },
  description: `Hosts that are not on this page because it has ${MOST_HOSTS} at the most.`,
};

/**
 * The page of a hub: what it tells of itself, and of each host its state and the metrics that are of the host as a whole. All of one
 * host, its devices too, is on a page of its own.
 */
export class HubPage implements Exposition {
  readonly #options: HubPageOptions;

  constructor(options: HubPageOptions) {
    this.#options = options;
  }

  page(accept: string | undefined, name?: string): MetricsPage | undefined {
    const format = formatOf(accept);
    const hosts = this.#options.hosts();
    const contentType = CONTENT_TYPES[format];
    if (name === undefined) return { contentType, parts: this.#all(hosts, format) };
    const host = hosts.find(({ summary }) => summary.name === name);
    return host && { contentType, parts: ofHost(host, format) };
  }

  *#all(hosts: readonly ToldHost[], format: Format): Generator<string> {
    yield reformatted(this.#options.figures(), format);
    const shown = hosts.slice(0, MOST_HOSTS);
    const points = [{ attributes: {}, value: hosts.length - shown.length }];
    yield familyText({ ...NOT_EXPORTED, points }, format);
    yield* figures(shown, format);
    yield* wholes(shown, format);
    yield endText(format);
  }
}

/** All that one host told last. */
function* ofHost(host: ToldHost, format: Format): Generator<string> {
  yield* figures([host], format);
  const more = { host: host.summary.name };
  for (const family of familiesOf(current(host))) yield familyText(family, format, more);
  yield endText(format);
}

function* figures(hosts: readonly ToldHost[], format: Format): Generator<string> {
  for (const { values, ...family } of FIGURES) {
    const name = metricName(family);
    yield headText(family, format);
    for (const host of hosts)
      for (const [state, value] of values(host))
        yield sampleText(name, { host: host.summary.name, ...(state !== '' && { state }) }, value);
  }
}

/** The metrics without attributes, of all hosts. */
function* wholes(hosts: readonly ToldHost[], format: Format): Generator<string> {
  const names = new Map<MetricName, { readonly shown: string; samples: string }>();
  for (const name of Object.keys(METRICS) as MetricName[])
    names.set(name, { shown: metricName(describe(name, METRICS[name])), samples: '' });
  for (const host of hosts) {
    const labels = labelsText({ host: host.summary.name });
    for (const { series, value } of current(host)) {
      if (series.key !== series.name) continue;
      const of = names.get(series.name)!;
      of.samples += `${of.shown}${labels} ${value}\n`;
    }
    yield '';
  }
  for (const [name, { samples }] of names)
    if (samples !== '') yield headText(describe(name, METRICS[name]), format) + samples;
}

/** What a host that is silent told last is not how it is now. */
const current = ({ summary, latest }: ToldHost): Tick['metrics'] =>
  summary.state === 'up' ? (latest?.metrics ?? []) : [];
