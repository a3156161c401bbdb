import type { Command } from 'commander';
import { defaultConfigFile } from '../../agent/settings.ts';
import { addDataOption, durationArgument, numberArgument, portArgument } from '../options.ts';

export interface UpOptions {
  readonly data: string;
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly token?: string;
  readonly metricsInterval?: string;
  readonly processesInterval?: string;
  readonly learnProvisional?: string;
  readonly learnCalibrated?: string;
  readonly alarmsPerWeek?: number;
  readonly logs?: string;
  readonly logLevel?: string;
}

export function addUp(program: Command): void {
  addDaemonOptions(program.command('up'))
    .description('collect, learn, detect and serve the dashboard, all in this process, until Ctrl-C')
    .action(async (options: UpOptions) => {
      const { up } = await import('../up.ts');
      await up(options);
    });
}

/** The options of whatever watches this machine: `up` and `agent`. */
export function addDaemonOptions(command: Command): Command {
  const file = defaultConfigFile(process.env, process.platform);
  return addDataOption(command)
    .option('--config <file>', `configuration file (default: ${file} where it exists)`)
    .option('--host <address>', 'address to serve on; any but loopback needs a token (default: 127.0.0.1)')
    .option(
      '--port <n>',
      'port of the dashboard and the API; 0 takes any free one (default: 4663)',
      portArgument,
    )
    .option(
      '--token <secret>',
      'what a browser or client must know; HOMEOSTAT_TOKEN does the same unseen by others',
    )
    .option(
      '--metrics-interval <time>',
      'how often metrics are read (default: 1s, slower on battery or when hot)',
      durationArgument,
    )
    .option('--processes-interval <time>', 'how often processes are read (default: 5s)', durationArgument)
    .option(
      '--learn-provisional <time>',
      'history needed for the first model (default: 10m)',
      durationArgument,
    )
    .option(
      '--learn-calibrated <time>',
      'history needed for a calibrated model (default: 24h)',
      durationArgument,
    )
    .option(
      '--alarms-per-week <n>',
      'alarms that are bearable while nothing is wrong (default: 7, one a day)',
      numberArgument,
    )
    .option('--logs <dir>', 'folder for daemon.log and anomalies.json (default: the data folder)')
    .option('--log-level <level>', 'debug, info, warn or error (default: info)');
}
