import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { incidentsSchema } from '../alert/incidents/settings.ts';
import { exportersSchema } from '../exporters/settings.ts';
import { durationSchema, quantity, sizeSchema } from '../lib/quantity.ts';
import { optionalSetting, secretSchema, section, setting } from '../lib/setting.ts';
import { parseDuration } from '../lib/units.ts';
import { limitsSchema } from '../limits/settings.ts';
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

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const DETECTORS_HELP = 'a list of detectors, such as [convolution, lstm]';
const ALARMS_HELP = 'a number of alarms a week: 0.08 (one a quarter) to 168 (one an hour)';

/** The whole configuration. Every setting says what it is: see `setting`. docs/configuration.md is made from it. */
export const settingsSchema = v.strictObject({
  collect: section({
    metrics_interval: optionalSetting(
      'How often metrics are read. Left out: 1s; 5s on battery, 10s when too hot; a value here switches that adaptation off.',
      intervalSchema,
      '1s',
    ),
    processes_interval: optionalSetting(
      "How often all processes are read. Left out: five times the metrics' interval.",
      intervalSchema,
      '5s',
    ),
  }),
  learn: section({
    provisional_after: setting('History that is needed for the first model.', durationSchema, '10m'),
    calibrated_after: setting('History that is needed for a calibrated one.', durationSchema, '24h'),
    seed: setting(
      'The same history and seed give the same model.',
      v.pipe(v.number(), v.integer(), v.minValue(0)),
      1,
    ),
    detectors: optionalSetting(
      'What the next model is learned with. Left out: what ships (docs/detection.md).',
      v.pipe(
        v.array(v.picklist(DETECTOR_NAMES, `one of ${DETECTOR_NAMES.join(', ')}`), DETECTORS_HELP),
        v.minLength(1, DETECTORS_HELP),
      ),
      ['lstm', 'baselines'],
    ),
  }),
  detect: section({
    runtime: setting(
      'What runs the detectors that are networks; onnxruntime is a package that you install yourself (docs/models.md).',
      v.picklist(['builtin', 'onnxruntime'], 'one of builtin, onnxruntime'),
      'builtin',
    ),
    runtime_folder: optionalSetting(
      'The folder whose node_modules has onnxruntime-node. Left out: it is looked for beside Homeostat.',
      v.string(),
      '/opt/onnx',
    ),
  }),
  alarms: section({
    per_week: setting(
      'Alarms a week that are bearable while nothing is wrong: 0.08 (one a quarter) to 168 (one an hour).',
      v.pipe(
        v.number(ALARMS_HELP),
        v.minValue(ALARMS_PER_WEEK.least, ALARMS_HELP),
        v.maxValue(ALARMS_PER_WEEK.most, ALARMS_HELP),
      ),
      DEFAULT_ALARMS_PER_WEEK,
    ),
  }),
  limits: limitsSchema,
  incidents: incidentsSchema,
  store: section({
    keep_seconds: setting('How long every sample is kept.', durationSchema, '24h'),
    keep_minutes: setting('How long means of a minute are kept.', durationSchema, '30d'),
    keep_hours: setting('How long means of an hour are kept.', durationSchema, '2y'),
    cap: setting(
      'On disk, at least 16MiB, as in less not even a day has room; beyond it the oldest is dropped and counted.',
      sizeSchema('16MiB'),
      '1GiB',
    ),
  }),
  serve: section({
    host: setting(
      'Address of the dashboard and the API; on any other than loopback whoever looks must sign in (docs/access.md).',
      v.string(),
      '127.0.0.1',
    ),
    port: setting(
      'Its port; 0 takes any free one.',
      v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535)),
      4663,
    ),
    token: optionalSetting(
      "A token that lets in as admin, at least 16 characters. Better give token_file, or HOMEOSTAT_TOKEN in the environment; or make named ones with 'homeostat access create'. Left out: there is none.",
      secretSchema('long enough: a token has at least 16 characters', 16),
      'a-long-secret-of-yours',
    ),
    sign_in: setting(
      'Who must sign in to look: remote, whoever can reach an address other than loopback, and everybody where a token is set; always, everybody. Who changes something always must.',
      v.picklist(['remote', 'always'], 'one of remote, always'),
      'remote',
    ),
  }),
  publish: section({
    metrics_interval: setting(
      'With homeostat agent: the hub is told the means of so much time, 1s to 1h.',
      publishSchema,
      '10s',
    ),
    snapshot_interval: setting(
      'How often it is told all processes; between, only what starts, ends or changes.',
      durationSchema,
      '1h',
    ),
    max_log: setting(
      'What may wait on disk while the hub is away; beyond it the oldest of the least important goes.',
      sizeSchema('1MiB'),
      '200MiB',
    ),
  }),
  exporters: v.optional(exportersSchema, {}),
  notify: notifySchema,
  log: section({
    folder: optionalSetting(
      'Where daemon.log and anomalies.json are written. Left out: in the data folder; as a service in /var/log/homeostat.',
      v.string(),
      '/var/log/homeostat',
    ),
    level: setting(
      'From which severity on events are written to daemon.log.',
      v.picklist(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`),
      'info',
    ),
  }),
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
