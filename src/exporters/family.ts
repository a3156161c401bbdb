import type { Attributes, Series, Tick } from '../model/metric.ts';
import { METRICS, type MetricName } from '../model/names.ts';

export interface Point {
  readonly attributes: Attributes;
  /** Finite, in the family's unit. */
  readonly value: number;
}

/** All points of one metric at one moment, under OpenTelemetry's name and unit. */
export interface Family {
  readonly name: string;
  /** A counter only grows while the program runs. What is a rate in Homeostat's history is a gauge to others: it goes up and down. */
  readonly kind: 'gauge' | 'counter';
  /** UCUM, as in model/names.ts. */
  readonly unit: string;
  readonly description: string;
  readonly points: readonly Point[];
}

/** Values by metric, in the order in which metrics are declared. */
export function familiesOf(metrics: Tick['metrics']): Family[] {
  const byName = new Map<MetricName, Point[]>();
  for (const { series, value } of metrics) {
    const points = byName.get(series.name);
    const point = { attributes: series.attributes, value };
    if (points) points.push(point);
    else byName.set(series.name, [point]);
  }
  return (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
    const points = byName.get(name);
    return points ? [{ ...describe(name, METRICS[name]), points }] : [];
  });
}

/** A metric of the machine without its points. */
export function describe(name: MetricName, definition: Series['definition']): Omit<Family, 'points'> {
  const { kind, unit, description } = definition;
  const what = kind === 'rate' && unit !== '1' ? `${description}, per second` : description;
  return { name, kind: 'gauge', unit, description: `${what}.` };
}
