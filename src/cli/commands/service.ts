import { type Command, Option } from 'commander';
import type { ServiceKind } from '../../service/spec.ts';
import { addJsonOption, countArgument } from '../options.ts';

const HELP = `
On Linux this is systemd: a unit of Type=notify with a watchdog, a user of its
own, and no more rights than to look. Data is in /var/lib/homeostat, logs are in
/var/log/homeostat, the configuration is /etc/homeostat/homeostat.yaml.

Examples:
  homeostat service install --dry-run
  sudo homeostat service install
  sudo homeostat service install --hub -- --bus-host 0.0.0.0
  homeostat service status
  homeostat service logs -f
  sudo homeostat service uninstall`;

/** Runs Homeostat without anybody who is logged in. */
export function addService(program: Command): void {
  const service = program
    .command('service')
    .description('run Homeostat as a service of this machine: install, look after and remove it')
    .addHelpText('after', HELP);
  service
    .command('install')
    .argument('[args...]', 'after --: more options for the command that the service runs')
    .description('install and start it, or bring an installed one up to date; needs root')
    .addOption(new Option('--agent', 'run homeostat agent, which tells a hub').conflicts('hub'))
    .option('--hub', 'run homeostat hub')
    .option('--dry-run', 'print the steps and the definition of the service, and change nothing')
    .option('--no-start', 'install it, but do not start it before the next boot')
    .action(async (args: string[], options: InstallOptions) => {
      const { install } = await import('../service/install.ts');
      install(args, options);
    });
  service
    .command('uninstall')
    .description('stop and remove it; data, logs and configuration stay; needs root')
    .option('--hub', 'the service of the hub')
    .option('--purge', 'remove data, logs, configuration and the user too, after a question')
    .option('--yes', 'with --purge: without the question')
    .option('--dry-run', 'print the steps, and change nothing')
    .action(async (options: UninstallOptions) => {
      const { uninstall } = await import('../service/install.ts');
      await uninstall(options);
    });
  addJsonOption(service.command('status'))
    .description('whether it runs, since when, and how it is; exit code 1 where it does not run')
    .option('--hub', 'the service of the hub')
    .action(async (options: { hub?: true; json?: true }) => {
      const { status } = await import('../service/status.ts');
      status(options);
    });
  service
    .command('logs')
    .description('what it logged, newest last')
    .option('-f, --follow', 'and go on with what comes, until Ctrl-C')
    .option('-n, --lines <n>', 'so many lines', countArgument, 50)
    .option('--level <level>', 'only lines of this severity or above: debug, info, warn, error', 'debug')
    .option('--anomalies', 'anomalies.json in the place of daemon.log')
    .option('--hub', 'of the hub')
    .option('--logs <dir>', "the folder of the logs (default: the service's)")
    .option('--json', 'the lines as they are: a JSON object each')
    .action(async (options: LogsOptions) => {
      const { logs } = await import('../service/logs.ts');
      await logs(options);
    });
}

export interface InstallOptions {
  readonly agent?: true;
  readonly hub?: true;
  readonly dryRun?: true;
  readonly start: boolean;
}

export interface UninstallOptions {
  readonly hub?: true;
  readonly purge?: true;
  readonly yes?: true;
  readonly dryRun?: true;
}

export interface LogsOptions {
  readonly follow?: true;
  readonly lines: number;
  readonly level: string;
  readonly anomalies?: true;
  readonly hub?: true;
  readonly logs?: string;
  readonly json?: true;
}

export const kindOf = ({ agent, hub }: { agent?: true; hub?: true }): ServiceKind =>
  hub ? 'hub' : agent ? 'agent' : 'up';
