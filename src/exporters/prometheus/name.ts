import type { Family } from '../family.ts';

/**
 * A metric's name and unit as Prometheus has them, by OpenTelemetry's rules (opentelemetry.io/docs/specs/otel/compatibility/
 * prometheus_and_openmetrics): what is no letter, digit or underscore becomes an underscore; the unit is spelled out and appended
 * unless the name has it; `_ratio` for a gauge of unit 1, `_total` for a counter.
 *
 * One departure: a name that ends with `_count` is a summary's to Prometheus (`promtool check metrics` complains), so it is put in
 * the plural.
 */
export function metricName({ name, kind, unit }: Pick<Family, 'name' | 'kind' | 'unit'>): string {
  const suffix = unitSuffix(unit, kind);
  const isReserved = suffix === '' && name.endsWith('.count');
  const allowed = isReserved ? plural(name.slice(0, -'.count'.length)) : name;
  const base = allowed.replaceAll(/[^a-zA-Z0-9_]+/g, '_').replaceAll(/_+/g, '_');
  const hasIt = suffix === '' || base === suffix || base.endsWith(`_${suffix}`);
  const named = hasIt ? base : `${base}_${suffix}`;
  return kind === 'counter' ? `${named}_total` : named;
}

/** `cpu.mode` -> `cpu_mode`. */
export const labelName = (attribute: string): string => attribute.replaceAll(/[^a-zA-Z0-9_]/g, '_');

const plural = (name: string): string => (name.endsWith('s') ? `${name}es` : `${name}s`);

const WORDS: Readonly<Record<string, string>> = {
  By: 'bytes',
  Cel: 'celsius',
  Hz: 'hertz',
  s: 'seconds',
};
const PER: Readonly<Record<string, string>> = { s: 'second' };

/** `By/s` -> `bytes_per_second`; what stands in braces is no unit. */
function unitSuffix(unit: string, kind: Family['kind']): string {
  if (unit === '1') return kind === 'gauge' ? 'ratio' : '';
  const [what = '', per] = unit.replaceAll(/\{[^}]*\}/g, '').split('/');
  const parts = [word(WORDS, what), per === undefined ? '' : `per_${word(PER, per)}`];
  return parts.filter((part) => part !== '').join('_');
}

function word(words: Readonly<Record<string, string>>, unit: string): string {
  if (unit === '') return '';
  const found = words[unit];
  if (found === undefined) throw new Error(`the unit ${unit} has no word for Prometheus`);
  return found;
}
