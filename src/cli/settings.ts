import { defaultConfigFile, type Settings, settingsSchema } from '../agent/settings.ts';
import { loadConfig } from '../config/config.ts';
import type { UpOptions } from './commands/up.ts';

/** What holds here: the file that is named, or the usual one where it exists; over it the environment, over that the options. */
export const readSettings = (options: Partial<UpOptions> = {}): Promise<Settings> =>
  loadConfig(settingsSchema, {
    file: options.config ?? defaultConfigFile(process.env, process.platform),
    required: options.config !== undefined,
    overrides: {
      collect: { metrics_interval: options.metricsInterval, processes_interval: options.processesInterval },
      learn: { provisional_after: options.learnProvisional, calibrated_after: options.learnCalibrated },
      serve: { host: options.host, port: options.port, token: options.token },
      alarms: { per_week: options.alarmsPerWeek ?? environmentNumber('HOMEOSTAT_ALARMS_PER_WEEK') },
      log: { level: options.logLevel },
    },
  });

/** A number where it is one; the text as it is, for the schema to refuse, where it is not. */
function environmentNumber(name: string): number | string | undefined {
  const text = process.env[name]?.trim();
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}
