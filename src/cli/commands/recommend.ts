import { type Command, InvalidArgumentError } from 'commander';
import { printable } from '../../lib/text.ts';
import { formatValue } from '../../model/display.ts';
import type { Advice, Recommendation, TopConsumer } from '../../model/recommendation.ts';
import { requireRunning } from '../client.ts';
import { addDataOption, addHostOption, addJsonOption } from '../options.ts';

interface RecommendOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
  readonly walk?: string;
}

const HELP = `
Nothing of it is ever done by Homeostat: the commands are yours to copy, and
beside each stands what takes it back. --walk measures the folders of one file
system (at the lowest priority, for a minute at most, no other file systems)
and keeps that, so that the next walk tells which of them grow.

Examples:
  homeostat recommend
  homeostat recommend --walk /var`;

export function addRecommend(program: Command): void {
  addHostOption(addJsonOption(addDataOption(program.command('recommend'))))
    .description(
      'what to do, to which process, service or file system, what it would gain, and how to undo it',
    )
    .option('--walk <dir>', 'first measure the folders of the file system that is mounted there', folderOf)
    .addHelpText('after', HELP)
    .action(async ({ data, host, json, walk }: RecommendOptions) => {
      const client = requireRunning(data, host);
      if (walk !== undefined) {
        const { walkFolders } = await import('../walk-folders.ts');
        console.error(walkFolders(data, walk));
      }
      const advice = await client.get<Advice>('recommendations', { host });
      console.log(json ? JSON.stringify(advice, null, 2) : renderAdvice(advice));
    });
}

function folderOf(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('expected a mount point such as /var');
  return text.length > 1 ? text.replace(/\/+$/, '') : text;
}

function renderAdvice({ recommendations, top }: Advice): string {
  const none = 'Nothing to recommend.';
  const found = recommendations.length === 0 ? [none] : recommendations.map(renderRecommendation);
  return [...found, ...renderTop(top)].join('\n\n');
}

/** One recommendation as a short paragraph. Its texts are escaped already; its command is a line of its own, to be copied whole. */
export function renderRecommendation({
  severity,
  subject,
  advice,
  why,
  gain,
  sure,
  because,
  command,
  undo,
}: Recommendation): string {
  return [
    `${severity}  ${subject}`,
    `  ${advice}`,
    `  why   ${why}`,
    `  gain  ${gain}`,
    `  sure  ${sure}: ${because}`,
    ...(command === undefined ? [] : [`  run   ${command}`]),
    `  undo  ${undo}`,
  ]
    .map(printable)
    .join('\n');
}

const AMOUNTS: Readonly<Record<TopConsumer['resource'], (amount: number) => string>> = {
  cpu: (amount) => `${formatValue(amount, '1')} of a core`,
  memory: (amount) => formatValue(amount, 'By'),
  disk: (amount) => formatValue(amount, 'By/s'),
  files: (amount) => `${formatValue(amount, '{file}')} open`,
};

function renderTop(top: readonly TopConsumer[]): string[] {
  if (top.length === 0) return [];
  const lines = (Object.keys(AMOUNTS) as TopConsumer['resource'][]).flatMap((resource) => {
    const most = top
      .filter((one) => one.resource === resource)
      .map(({ name, pid, amount }) => `${name} (pid ${pid}) ${AMOUNTS[resource](amount)}`);
    return most.length === 0 ? [] : [`  ${resource.padEnd(8)}${most.join(', ')}`];
  });
  return [['Top consumers', ...lines].map(printable).join('\n')];
}
