import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { exportersSchema } from '../exporters/settings.ts';
import { durationSchema, quantity, sizeSchema } from '../lib/quantity.ts';
import { parseDuration } from '../lib/units.ts';
import { ALARMS_PER_WEEK, DEFAULT_ALARMS_PER_WEEK } from '../model/alarm-rate.ts';
import { DETECTOR_NAMES } from '../model/detector-names.ts';
import { notifySchema } from '../notify/settings.ts';

/** Anything more often would be spent on looking alone; anything rarer is no monitoring. */
const intervalSchema = quantity('a span of time from 100ms to 1h, such as 5s', (text) => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 100 && ms <= 3_600_000 ? ms : undefined;
});

const publishSchema = quantity('a span of time from 1s to 1h, such as 10s', (text) => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 1000 && ms <= 3_600_000 ? ms : undefined;
});

const DETECTORS_HELP = 'a list of detectors, such as [convolution, lstm]';
const ALARMS_HELP = 'a number of alarms a week: 0.08 (one a quarter) to 168 (one an hour)';

/** The whole configuration. Every setting has a default; see docs/configuration.md. */
export const settingsSchema = v.strictObject({
  collect: v.optional(
    v.strictObject({
      /** How often metrics are read. Left out: 1 s, slower on battery and when the machine is too hot. */
      metrics_interval: v.optional(intervalSchema),
      /** How often all processes are read. Left out: five times the metrics' interval. */
      processes_interval: v.optional(intervalSchema),
    }),
    {},
  ),
  learn: v.optional(
    v.strictObject({
      provisional_after: v.optional(durationSchema, '10m'),
      calibrated_after: v.optional(durationSchema, '24h'),
      seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 1),
      /** What the next model is learned with. Left out: what ships. */
      detectors: v.optional(
        v.pipe(
          v.array(v.picklist(DETECTOR_NAMES, `one of ${DETECTOR_NAMES.join(', ')}`), DETECTORS_HELP),
          v.minLength(1, DETECTORS_HELP),
        ),
      ),
    }),
    {},
  ),
  detect: v.optional(
    v.strictObject({
      /** What runs the detectors that are networks. onnxruntime is a package that users install themselves. */
      runtime: v.optional(v.picklist(['builtin', 'onnxruntime'], 'one of builtin, onnxruntime'), 'builtin'),
      /** The folder whose node_modules has onnxruntime-node, where it is not installed beside Homeostat. */
      runtime_folder: v.optional(v.string()),
    }),
    {},
  ),
  alarms: v.optional(
    v.strictObject({
      /** How many alarms a week are bearable while nothing is wrong. */
      per_week: v.optional(
        v.pipe(
          v.number(ALARMS_HELP),
          v.minValue(ALARMS_PER_WEEK.least, ALARMS_HELP),
          v.maxValue(ALARMS_PER_WEEK.most, ALARMS_HELP),
        ),
        DEFAULT_ALARMS_PER_WEEK,
      ),
    }),
    {},
  ),
  store: v.optional(
    v.strictObject({
      keep_seconds: v.optional(durationSchema, '24h'),
      keep_minutes: v.optional(durationSchema, '30d'),
      keep_hours: v.optional(durationSchema, '2y'),
      /** In less not even a day of one machine has room. */
      cap: v.optional(sizeSchema('16MiB'), '1GiB'),
    }),
    {},
  ),
  serve: v.optional(
    v.strictObject({
      host: v.optional(v.string(), '127.0.0.1'),
      port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535)), 4663),
      /** Needed for any address that is not loopback. */
      token: v.optional(
        v.pipe(v.string(), v.minLength(16, 'long enough: a token has at least 16 characters')),
      ),
    }),
    {},
  ),
  publish: v.optional(
    v.strictObject({
      /** Of how much time the means of all metrics are told. */
      metrics_interval: v.optional(publishSchema, '10s'),
      /** How often all processes are told, changed or not. */
      snapshot_interval: v.optional(durationSchema, '1h'),
      /** What the outbox may take on disk while the hub is away. */
      max_log: v.optional(sizeSchema('1MiB'), '200MiB'),
    }),
    {},
  ),
  exporters: v.optional(exportersSchema, {}),
  /** Who is told of incidents, and how. */
  notify: v.optional(notifySchema, {}),
  log: v.optional(
    v.strictObject({
      level: v.optional(
        v.picklist(['debug', 'info', 'warn', 'error'], 'one of debug, info, warn, error'),
        'info',
      ),
    }),
    {},
  ),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** Where data is kept unless `--data` or HOMEOSTAT_DATA says otherwise. */
export function defaultDataFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.HOMEOSTAT_DATA) return env.HOMEOSTAT_DATA;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'homeostat');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'homeostat');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'homeostat');
}

/** Where the configuration is looked for unless `--config` says otherwise. It need not exist. */
export function defaultConfigFile(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'darwin' || platform === 'win32')
    return join(defaultDataFolder(env, platform), 'homeostat.yaml');
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'homeostat', 'homeostat.yaml');
}
