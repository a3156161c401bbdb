import * as v from 'valibot';
import type { Anomaly, Culprit } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';

/** Longer ones are refused: whoever shows anomalies holds many of them. */
const LONGEST_TEXT = 4096;
const MOST = 50;

const text = v.pipe(v.string(), v.maxLength(LONGEST_TEXT));
const number = v.pipe(v.number(), v.finite());
/** ms since the epoch, of which a date can be made: whoever shows one, or asks for its time of day, throws where none can. */
const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const metric = v.object({
  metric: text,
  unit: text,
  observed: number,
  expectedLow: number,
  expectedHigh: number,
  share: number,
});
const culprit = v.object({
  id: text,
  pid: number,
  name: text,
  executable: v.optional(text),
  commandLine: text,
  parent: v.optional(v.object({ pid: number, name: text })),
  containerId: v.optional(text),
  share: number,
  group: v.optional(v.object({ count: number, pids: v.pipe(v.array(number), v.maxLength(MOST)) })),
  evidence: text,
});
const signal = {
  schema: v.literal(1),
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  host: text,
  state: v.picklist(['open', 'closed']),
  severity: v.picklist(['LOW', 'MEDIUM', 'HIGH']),
  provisional: v.boolean(),
  since: time,
  raisedAt: time,
  closedAt: v.optional(time),
  metrics: v.pipe(v.array(metric), v.maxLength(MOST)),
  culprits: v.pipe(v.array(culprit), v.maxLength(MOST)),
  sentence: text,
};
const anomalySchema = v.object({
  ...signal,
  kind: v.picklist(['machine', 'process']),
  score: number,
  // JSON has no infinity: what is rarer than a model can tell comes as null.
  returnPeriodSeconds: v.nullable(number),
});
const breachSchema = v.object({
  ...signal,
  kind: v.picklist(['threshold', 'forecast']),
  limit: text,
  line: number,
  full: v.optional(v.object({ at: time, earliest: time, latest: number })),
});

/** The anomaly that a stranger wrote, or undefined where it is none. What this version does not know of it is left out. */
export function parseAnomaly(json: string): Anomaly | undefined {
  const output = parse(anomalySchema, json);
  if (!output) return undefined;
  const { closedAt, returnPeriodSeconds, culprits, ...rest } = output;
  return {
    ...rest,
    ...(closedAt !== undefined && { closedAt }),
    returnPeriodSeconds: returnPeriodSeconds ?? Number.MAX_VALUE,
    culprits: culprits.map(culpritOf),
  };
}

/** The same of a breach. */
export function parseBreach(json: string): Breach | undefined {
  const output = parse(breachSchema, json);
  if (!output) return undefined;
  const { closedAt, full, culprits, ...rest } = output;
  return {
    ...rest,
    ...(closedAt !== undefined && { closedAt }),
    ...(full && { full }),
    culprits: culprits.map(culpritOf),
  };
}

function parse<S extends v.GenericSchema>(schema: S, json: string): v.InferOutput<S> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { success, output } = v.safeParse(schema, value);
  return success ? output : undefined;
}

const culpritOf = ({
  executable,
  parent,
  containerId,
  group,
  ...known
}: v.InferOutput<typeof culprit>): Culprit => ({
  ...{ ...known, executable, parent, containerId },
  ...(group && { group }),
});
