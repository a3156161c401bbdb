import type { Anomaly } from '../../src/model/anomaly.ts';
import { series, type Tick } from '../../src/model/metric.ts';

/** Three parts of series, so that compaction takes several slices. */
export const SERIES = Array.from({ length: 20 }, (_, index) =>
  series('system.network.io', { device: `eth${index}` }),
);

/** What a series was at a time: both sides of the test can say it, and neither needs to ask the other. */
export const valueAt = (at: number, index: number): number => Math.floor(at / 1000) % (7 + index * 13);

export const tickAt = (at: number): Tick => ({
  at,
  metrics: SERIES.map((one, index) => ({ series: one, value: valueAt(at, index) })),
});

export const anomalyAt = (at: number): Anomaly => ({
  schema: 1,
  id: String(at),
  host: 'h',
  state: 'open',
  kind: 'machine',
  severity: 'LOW',
  provisional: false,
  since: at,
  raisedAt: at,
  score: 3,
  returnPeriodSeconds: 86_400,
  metrics: [],
  culprits: [],
  sentence: 'the network is busier than ever',
});
