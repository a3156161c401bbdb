import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultDataFolder } from '../agent/settings.ts';
import { UserError } from '../lib/errors.ts';
import { DURATION_HELP, parseDuration, parseMoment } from '../lib/units.ts';
import { HOST_NAME_HELP, isHostName } from '../model/host.ts';

/** `--data DIR`, the same for every command; `what` it is. */
export function addDataOption(
  command: Command,
  what = 'folder that holds the history, the models and the logs',
): Command {
  const folder = resolve(defaultDataFolder(process.env, process.platform));
  return command.addOption(
    new Option('--data <dir>', what).argParser(folderArgument).default(folder, folder),
  );
}

/** `--host NAME`: of the hub in that data folder, one of its hosts. */
export function addHostOption(command: Command): Command {
  return command.addOption(new Option('--host <name>', 'of a hub: one of its hosts').argParser(hostArgument));
}

export function hostArgument(text: string): string {
  if (!isHostName(text)) throw new InvalidArgumentError(`expected ${HOST_NAME_HELP}`);
  return text;
}

/** `--json`: the same facts as one JSON document. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** `--from` and `--to`: moments, or spans before now. `from` may be left to the command. */
export function addPeriodOptions(command: Command, from?: string): Command {
  const begin = new Option('--from <time>', 'beginning: an ISO time, or a span before now such as 2h');
  return command
    .addOption(
      from === undefined
        ? begin.argParser(momentArgument)
        : begin.argParser(momentArgument).default(momentArgument(from), `${from} ago`),
    )
    .addOption(
      new Option('--to <time>', 'end: an ISO time, or a span before now')
        .argParser(momentArgument)
        .default(Date.now(), 'now'),
    );
}

/** Throws a UserError where the period is empty or runs backwards. */
export function checkPeriod({ from, to }: { readonly from: number; readonly to: number }): void {
  if (from < to) return;
  throw new UserError(
    `--from ${new Date(from).toISOString()} is not before --to ${new Date(to).toISOString()}; turn them round or widen the period`,
  );
}

/** The stored series that people mean: a key as it is, or all series of a name. Throws a UserError where there is none. */
export function matchingKeys(metrics: readonly string[], stored: readonly string[]): string[] {
  return metrics.flatMap((metric) => {
    const found = stored.filter((key) => key === metric || key.startsWith(`${metric}{`));
    if (found.length > 0) return found;
    throw new UserError(`no stored metric is named '${metric}'; 'homeostat history' lists them`);
  });
}

function folderArgument(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected the path of a folder');
  return resolve(text);
}

export function durationArgument(text: string): string {
  if (parseDuration(text) === undefined) throw new InvalidArgumentError(`expected ${DURATION_HELP}`);
  return text;
}

export function portArgument(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new InvalidArgumentError('expected a number from 0 to 65535 (0: any free port)');
  return port;
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) throw new InvalidArgumentError('expected a whole number above 0');
  return count;
}

/** `a,b` */
export function namesArgument(text: string): readonly string[] {
  const names = text.split(',').filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('expected names with commas between them');
  return names;
}

export function numberArgument(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('expected a number');
  return value;
}

export function momentArgument(text: string): number {
  const at = parseMoment(text, Date.now());
  if (at === undefined)
    throw new InvalidArgumentError(
      'expected an ISO time such as 2026-11-21T08:00:00Z, or a span before now such as 2h',
    );
  return at;
}
