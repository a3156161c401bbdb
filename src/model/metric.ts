import { isMetricName, METRICS, type MetricDefinition, type MetricName } from './names.ts';

export type Attributes = Readonly<Record<string, string>>;

/** What one metric measures of one thing: `system.disk.io` of `sda`, reading. Interned: the same key is the same object. */
export interface Series {
  /** `name` or `name{attribute=value,...}` with the attributes in alphabetical order; `\`, `,`, `=`, `{`, `}` escaped. */
  readonly key: string;
  readonly name: MetricName;
  readonly attributes: Attributes;
  readonly definition: MetricDefinition;
}

/** One value of one series. A value that could not be read is absent, never a default. */
export interface Metric {
  readonly series: Series;
  /** Finite, in the unit of the series' definition. */
  readonly value: number;
}

/** All metrics of one moment. */
export interface Tick {
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly metrics: readonly Metric[];
}

const interned = new Map<string, Series>();
const NONE: Attributes = Object.freeze({});

/**
 * The one Series object of a name and its attributes. Collectors call it once a device and keep the result:
 * building keys each second would cost more than reading the files.
 */
export function series(name: MetricName, attributes: Attributes = NONE): Series {
  const key = seriesKey(name, attributes);
  const known = interned.get(key);
  if (known) return known;
  const made: Series = Object.freeze({
    key,
    name,
    attributes: Object.freeze({ ...attributes }),
    definition: METRICS[name],
  });
  interned.set(key, made);
  return made;
}

function seriesKey(name: string, attributes: Attributes): string {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return name;
  return `${name}{${names.map((attribute) => `${quote(attribute)}=${quote(attributes[attribute]!)}`).join(',')}}`;
}

/** The series of a key made by `seriesKey`, or undefined where the name is unknown or the key is malformed. */
export function parseSeriesKey(key: string): Series | undefined {
  const brace = key.indexOf('{');
  const name = brace < 0 ? key : key.slice(0, brace);
  if (!isMetricName(name)) return undefined;
  if (brace < 0) return series(name);
  if (!key.endsWith('}')) return undefined;
  const attributes: Record<string, string> = {};
  for (const pair of split(key.slice(brace + 1, -1), ',')) {
    const parts = split(pair, '=');
    if (parts.length !== 2) return undefined;
    attributes[unquote(parts[0]!)] = unquote(parts[1]!);
  }
  return series(name, attributes);
}

const quote = (text: string): string => text.replaceAll(/[\\,={}]/g, '\\$&');
const unquote = (text: string): string => text.replaceAll(/\\(.)/gs, '$1');

/** Splits at a separator that is not escaped; the parts stay escaped. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
