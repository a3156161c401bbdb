import * as v from 'valibot';
import { durationSchema, quantity } from '../lib/quantity.ts';

const SHARE_HELP = 'a share such as 85%';
const LIMIT_HELP = `${SHARE_HELP}, or off, or settings below it: above, for`;

const share = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  const value = match ? Number(match[1]) / 100 : Number.NaN;
  return value > 0 && value <= 1 ? value : undefined;
};
const shareSchema = quantity(SHARE_HELP, share);
/** YAML 1.1 reads `off` as false. */
const offSchema = v.pipe(
  v.union([v.literal('off'), v.literal(false)]),
  v.transform(() => 'off' as const),
);

/** A line at a share of something that is there once: `80%`, or with how long it must be crossed. */
const limitSchema = (above: string, lasts: string) =>
  v.optional(
    v.union(
      [
        offSchema,
        shareSchema,
        v.strictObject({
          above: v.optional(shareSchema, above),
          for: v.optional(durationSchema, lasts),
        }),
      ],
      LIMIT_HELP,
    ),
    { above, for: lasts },
  );

const LINE_HELP = 'a number in the unit of the metric, or a share such as 85%';
const lineSchema = v.union([v.number(), shareSchema], LINE_HELP);

const ownSchema = v.pipe(
  v.strictObject({
    /** What its breaches are called. */
    name: v.pipe(v.string(), v.regex(/^[\w.-]{1,40}$/, '1 to 40 letters, digits, dots, hyphens')),
    /** A series' key, a metric's name for all series of it, or either with `*` in it. */
    metric: v.pipe(v.string(), v.minLength(1)),
    above: v.optional(lineSchema),
    below: v.optional(lineSchema),
    for: v.optional(durationSchema, '1m'),
    /** Back behind the line by so much before it closes. Left out: 2 points of a share, 2 % of the line of anything else. */
    clear: v.optional(v.pipe(v.number(), v.minValue(0))),
    severity: v.optional(v.picklist(['LOW', 'MEDIUM', 'HIGH'], 'one of LOW, MEDIUM, HIGH')),
  }),
  v.check(
    ({ above, below }) => (above === undefined) !== (below === undefined),
    'whole: give either above or below',
  ),
);

/** The section `limits:` of the configuration. Spans of time come out in ms, shares as ratios. */
export const limitsSchema = v.optional(
  v.strictObject({
    cpu: limitSchema('80%', '5m'),
    memory: limitSchema('85%', '2m'),
    disk: limitSchema('90%', '1m'),
    inodes: limitSchema('90%', '1m'),
    descriptors: limitSchema('90%', '1m'),
    /** Lines of single file systems, by mount point (`*` stands for anything), for space and inodes alike. The first that matches counts. */
    mounts: v.optional(v.record(v.string(), v.union([offSchema, shareSchema], `${SHARE_HELP}, or off`)), {}),
    own: v.optional(v.array(ownSchema, 'a list of limits with name, metric, above or below'), []),
    /** It must be back behind the line for so long before a breach closes. */
    clear_after: v.optional(durationSchema, '1m'),
    /** What will be full within so long is told; off: nothing. */
    forecast_within: v.optional(
      v.union([offSchema, durationSchema], 'a span of time such as 24h, or off'),
      '24h',
    ),
  }),
  {},
);

export type LimitSettings = v.InferOutput<typeof limitsSchema>;
