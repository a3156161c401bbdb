import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parseSeriesKey, type Series, type Tick } from '../../src/model/metric.ts';

/** A recorded stretch of a machine's metrics: see test/traces/README.md. */
export interface Trace {
  readonly note: string;
  readonly series: readonly Series[];
  readonly ticks: readonly Tick[];
}

/** Reads `test/traces/NAME.jsonl.gz`: a head line, then one line a tick, null where a series had no value. */
export function loadTrace(name: string): Trace {
  const path = fileURLToPath(new URL(`../traces/${name}.jsonl.gz`, import.meta.url));
  const [first, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const head = JSON.parse(first!) as { format: string; version: number; note: string; series: string[] };
  if (head.format !== 'homeostat-trace' || head.version !== 1) throw new Error(`${path} is no trace`);
  const series = head.series.map((key) => {
    const known = parseSeriesKey(key);
    if (!known) throw new Error(`${path} has an unknown series ${key}`);
    return known;
  });
  const ticks = lines.map((line): Tick => {
    const [at, ...values] = JSON.parse(line) as [number, ...(number | null)[]];
    const metrics = values.flatMap((value, index) =>
      value === null ? [] : [{ series: series[index]!, value }],
    );
    return { at, metrics };
  });
  return { note: head.note, series, ticks };
}
