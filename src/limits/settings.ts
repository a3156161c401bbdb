import * as v from 'valibot';
import { durationSchema, quantity } from '../lib/quantity.ts';
import { optionalSetting, section, setting } from '../lib/setting.ts';
import { DURATION_HELP, parseDuration } from '../lib/units.ts';

const SHARE_HELP = 'a share such as 85%';
const SHARE_PATTERN = '^\\s*\\d+(\\.\\d+)?\\s*%\\s*$';

function share(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text);
  const value = match ? Number(match[1]) / 100 : Number.NaN;
  return value > 0 && value <= 1 ? value : undefined;
}

const isOff = (text: string): boolean => text.trim() === 'off';

/** A line as a ratio; `off` is one that nothing crosses: infinity. */
const lineSchema = quantity(
  `${SHARE_HELP}, or off`,
  (text) => (isOff(text) ? Number.POSITIVE_INFINITY : share(text)),
  `${SHARE_PATTERN}|^off$`,
);
const shareSchema = quantity(SHARE_HELP, share, SHARE_PATTERN);
/** ms; `off` is 0. */
const withinSchema = quantity(
  `a span of time: ${DURATION_HELP}; or off`,
  (text) => (isOff(text) ? 0 : parseDuration(text)),
  '^.*$',
);

const AMOUNT_HELP = 'a number in the unit of the metric, or a share such as 85%';
const amountSchema = v.union([v.number(), shareSchema], AMOUNT_HELP);
const NAME_HELP = '1 to 40 letters, digits, dots, hyphens and underscores';

const ownSchema = v.pipe(
  v.strictObject({
    name: setting(
      'What its breaches are called.',
      v.pipe(v.string(), v.regex(/^[\w.-]{1,40}$/, NAME_HELP)),
      'own',
    ),
    metric: v.pipe(
      v.string(),
      v.minLength(1),
      v.description("A series' key, a metric's name for all series of it, or either with `*` in it."),
    ),
    above: optionalSetting('The line that is not to be exceeded.', amountSchema, 50),
    below: optionalSetting(
      'The line that is not to be fallen below; either this or above.',
      amountSchema,
      10,
    ),
    for: setting('For so long it must be crossed.', durationSchema, '1m'),
    clear: optionalSetting(
      'Back behind the line by so much before it closes. Left out: 2 points of a share, 2 % of the line of anything else.',
      v.pipe(v.number(), v.minValue(0)),
      1,
    ),
    severity: optionalSetting(
      'Left out: LOW, and MEDIUM after an hour.',
      v.picklist(['LOW', 'MEDIUM', 'HIGH'], 'one of LOW, MEDIUM, HIGH'),
      'HIGH',
    ),
  }),
  v.check(
    ({ above, below }) => (above === undefined) !== (below === undefined),
    'a limit: it needs either above or below',
  ),
);

/** The section `limits` of the configuration. */
export const limitsSchema = section({
  cpu: setting('CPU in use; off: it is not watched.', lineSchema, '80%'),
  cpu_for: setting('For so long it must be crossed: a build is no news.', durationSchema, '5m'),
  memory: setting('Memory in use, without what the kernel can take back (caches).', lineSchema, '85%'),
  memory_for: setting('For so long it must be crossed.', durationSchema, '2m'),
  disk: setting('Space in use, of each file system that can be written to.', lineSchema, '90%'),
  disk_for: setting('For so long it must be crossed; of inodes and open files too.', durationSchema, '1m'),
  inodes: setting('Inodes in use, of each file system.', lineSchema, '90%'),
  descriptors: setting('Open files, where the kernel has a bound for the whole machine.', lineSchema, '90%'),
  mounts: setting(
    'Other lines for single file systems, space and inodes, by mount point, in which `*` stands for anything: the first that fits counts.',
    v.record(v.string(), lineSchema),
    {},
  ),
  own: setting(
    'Limits for any metric.',
    v.array(ownSchema, 'a list of limits with metric, and above or below'),
    [],
  ),
  clear_after: setting('Back behind the line for so long before a breach closes.', durationSchema, '1m'),
  forecast_within: setting('What will be full within so long is told; off: nothing is.', withinSchema, '24h'),
});

export type LimitSettings = v.InferOutput<typeof limitsSchema>;
