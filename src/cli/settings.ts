import { defaultConfigFile, type Settings, settingsSchema } from '../agent/settings.ts';
import { type Configuration, loadConfig } from '../config/config.ts';
import type { UpOptions } from './commands/up.ts';

/** What holds here: the file that is named, or the usual one where it exists; over it the environment, over that the options. */
export const readConfiguration = (options: Partial<UpOptions> = {}): Promise<Configuration<Settings>> =>
  loadConfig(settingsSchema, {
    file: options.config ?? defaultConfigFile(process.env, process.platform),
    required: options.config !== undefined,
    environment: {
      variables: process.env,
      aliases: { HOMEOSTAT_TOKEN: 'serve.token', HOMEOSTAT_ALARMS_PER_WEEK: 'alarms.per_week' },
      others: ['HOMEOSTAT_DATA', 'HOMEOSTAT_VERSION'],
    },
    overrides: {
      collect: { metrics_interval: options.metricsInterval, processes_interval: options.processesInterval },
      learn: { provisional_after: options.learnProvisional, calibrated_after: options.learnCalibrated },
      serve: { host: options.host, port: options.port, token: options.token },
      alarms: { per_week: options.alarmsPerWeek },
      log: { folder: options.logs, level: options.logLevel },
    },
  });

/** The settings that hold here. */
export const readSettings = async (options: Partial<UpOptions> = {}): Promise<Settings> =>
  (await readConfiguration(options)).settings;
