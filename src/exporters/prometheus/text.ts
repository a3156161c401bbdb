import { printable } from '../../lib/text.ts';
import type { MetricsPage } from '../../model/exposition.ts';
import type { Attributes } from '../../model/metric.ts';
import type { Family } from '../family.ts';
import { labelName, metricName } from './name.ts';

/** Prometheus' own text format 0.0.4, or OpenMetrics 1.0.0. */
export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Format, MetricsPage['contentType']>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** OpenMetrics for whoever prefers it in `Accept` (RFC 9110, 12.5.1); text where nothing or something else is asked for. */
export function formatOf(accept: string | undefined): Format {
  let [openmetrics, text] = [0, 0];
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1);
    if (!(quality > 0)) continue;
    const version = parameters.find((part) => part.startsWith('version='))?.slice('version='.length);
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0'))
      openmetrics = Math.max(openmetrics, quality);
    if (type === 'text/plain' || type === 'text/*') text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

/** A family with its HELP and TYPE. */
export function familyText(family: Family, format: Format, more: Attributes = {}): string {
  const name = metricName(family);
  return `${headText(family, format)}${family.points.map(({ attributes, value }) => sampleText(name, { ...more, ...attributes }, value)).join('')}`;
}

/** HELP and TYPE of a family. OpenMetrics names a counter without its `_total`. */
export function headText(family: Omit<Family, 'points'>, format: Format): string {
  const name = metricName(family);
  const named =
    format === 'openmetrics' && family.kind === 'counter' ? name.slice(0, -'_total'.length) : name;
  return `# HELP ${named} ${escapeHelp(family.description)}\n# TYPE ${named} ${family.kind}\n`;
}

export function sampleText(name: string, attributes: Attributes, value: number): string {
  return `${name}${labelsText(attributes)} ${value}\n`;
}

/** `{cpu_mode="user"}`, or nothing. */
export function labelsText(attributes: Attributes): string {
  let labels = '';
  for (const attribute in attributes) {
    if (labels !== '') labels += ',';
    labels += `${labelName(attribute)}="${escapeLabel(attributes[attribute]!)}"`;
  }
  return labels === '' ? '' : `{${labels}}`;
}

/** Devices and mount points are named by others. */
const escapeLabel = (text: string): string =>
  printable(text).toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** The end that OpenMetrics asks for. */
export const endText = (format: Format): string => (format === 'openmetrics' ? '# EOF\n' : '');

/** Text of format 0.0.4 in another one: they differ in the names of counters. */
export const reformatted = (text: string, format: Format): string =>
  format === 'text' ? text : text.replaceAll(/^(# (?:HELP|TYPE) \w+)_total /gm, '$1 ');
