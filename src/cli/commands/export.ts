import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../../lib/errors.ts';
import { parseDuration } from '../../lib/units.ts';
import { FORMATS, type Format, WHATS, type What } from '../export/plan.ts';
import { addDataOption, addPeriodOptions, checkPeriod, hostArgument } from '../options.ts';

interface ExportOptions {
  readonly data: string;
  readonly what: What;
  readonly format: Format;
  readonly from?: number;
  readonly to: number;
  readonly metric?: string[];
  readonly host?: string;
  readonly window: number;
  readonly output?: string;
  readonly resume?: true;
}

const DAY_MS = 86_400_000;

export function addExport(program: Command): void {
  addPeriodOptions(addDataOption(program.command('export')))
    .description('write what was collected as rows, to standard output or a file')
    .addOption(
      new Option('--what <what>', 'metrics: samples; events: of the hub; features: by window of events')
        .choices(WHATS)
        .default('metrics'),
    )
    .addOption(
      new Option('--format <format>', 'jsonl: one JSON object a line; csv: RFC 4180; parquet')
        .choices(FORMATS)
        .default('jsonl'),
    )
    .option('--metric <metric...>', 'only these: names, which stand for all their series, or keys')
    .addOption(new Option('--host <name>', 'of a hub: only of this host').argParser(hostArgument))
    .addOption(
      new Option('--window <span>', 'features: 30s or 5m').argParser(windowArgument).default(30_000, '30s'),
    )
    .option('-o, --output <file>', 'a new file, mode 0600, that can be gone on with')
    .option('--resume', 'go on with an --output that was broken off, by its own settings')
    .addHelpText(
      'after',
      `
Without --from: metrics of 24 h, and all events. Times of events are those of
their senders. The columns are explained in docs/export.md.

Examples:
  homeostat export --from 2h > telemetry.jsonl
  homeostat export --host db-1 --metric system.cpu.utilization --format csv
  homeostat export --what events --format csv -o events.csv
  homeostat export --what features --window 5m -o features.jsonl
  homeostat export --resume -o features.jsonl`,
    )
    .action(run);
}

async function run(options: ExportOptions, command: Command): Promise<void> {
  const { runExport, resumeExport } = await import('../export/run.ts');
  const { data, what, format, to, metric, host, window, output, resume } = options;
  if (resume) {
    const other = ['what', 'format', 'from', 'to', 'metric', 'host', 'window'];
    const given = other.find((name) => command.getOptionValueSource(name) === 'cli');
    if (output === undefined) throw new UserError('--resume: which export? name it with --output FILE');
    if (given) throw new UserError(`--resume goes on by the export's own settings: leave out --${given}`);
    await resumeExport(data, output);
    return;
  }
  if (metric && what !== 'metrics')
    throw new UserError(`--metric does not go with --what ${what}; leave one of them out`);
  if (format === 'parquet' && output === undefined && process.stdout.isTTY)
    throw new UserError('parquet is bytes, not for a terminal: name a file with --output FILE');
  // Until when is asked of events only where the user does: a sender's clock may be ahead of ours.
  const until = what === 'metrics' || command.getOptionValueSource('to') === 'cli' ? to : undefined;
  const from = options.from ?? (what === 'metrics' ? to - DAY_MS : undefined);
  if (from !== undefined && until !== undefined) checkPeriod({ from, to: until });
  const period = { from, to: until, lastId: undefined };
  await runExport(data, { what, format, metric, host, windowMs: window, ...period }, output);
}

function windowArgument(text: string): number {
  const span = parseDuration(text);
  if (span === 30_000 || span === 300_000) return span;
  throw new InvalidArgumentError('expected 30s or 5m');
}
