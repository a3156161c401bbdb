import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../lib/units.ts';
import {
  addDataOption,
  addJsonOption,
  durationArgument,
  momentArgument,
  numberArgument,
} from '../options.ts';

interface Options {
  readonly data: string;
  readonly since?: number;
  readonly host?: string;
  readonly maxSilence: string;
  readonly minValid: number;
  readonly minTypical: number;
  readonly json?: true;
}

export function addValidate(program: Command): void {
  addJsonOption(addDataOption(program.command('validate')))
    .description('judge all events that were collected; exit code 1 where a check fails')
    .addOption(
      new Option(
        '--since <time>',
        'only what came since: an ISO time, or a span before now such as 2h (default: all)',
      ).argParser(momentArgument),
    )
    .option('--host <name>', "only of this host: the name in its client's certificate")
    .option('--max-silence <span>', 'a host that says nothing for longer has a gap', durationArgument, '10m')
    .addOption(share('--min-valid <share>', 'valid executable paths', 0.95))
    .addOption(share('--min-typical <share>', 'paths typical of their platform', 0.8))
    .addHelpText('after', '\nExamples:\n  homeostat validate --since 24h\n  homeostat validate --json')
    .action(async ({ maxSilence, json, since, host, ...rest }: Options) => {
      const [{ validate }, { render }] = await Promise.all([
        import('../validate/run.ts'),
        import('../validate/render.ts'),
      ]);
      const silenceMs = parseDuration(maxSilence)!;
      const validated = await validate({ ...rest, since, host, silenceMs });
      console.log(json ? JSON.stringify(validated, null, 2) : render(validated));
      if (!validated.passed) process.exitCode = 1;
    });
}

const share = (flags: string, of: string, value: number): Option =>
  new Option(flags, `least share of ${of}, 0 to 1`).argParser(shareArgument).default(value);

function shareArgument(text: string): number {
  const value = numberArgument(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError('expected a number from 0 to 1');
  return value;
}
