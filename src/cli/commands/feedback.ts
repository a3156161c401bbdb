import type { Command } from 'commander';
import { UserError } from '../../lib/errors.ts';
import type { Feedback } from '../../model/feedback.ts';
import { addDataOption, addJsonOption } from '../options.ts';
import { table } from '../table.ts';

interface Options {
  readonly data: string;
  readonly json?: true;
}

export function addFeedback(program: Command): void {
  const feedback = program
    .command('feedback')
    .description('what people said of incidents: list it, take it back');
  addJsonOption(addDataOption(feedback.command('list')))
    .description('what was said, of which cause, and until when it holds')
    .action(async ({ data, json }: Options) => {
      const { allFeedback } = await import('../incidents/feedback.ts');
      const said = allFeedback(data).map(({ feedback }) => feedback);
      console.log(
        json ? JSON.stringify(said, null, 2) : said.length === 0 ? 'Nothing was said.' : render(said),
      );
    });
  addDataOption(feedback.command('undo'))
    .argument('<id>', 'as the list shows it')
    .description('take back what was said; what it muted is told again from now on')
    .action(async (id: string, { data }: Options) => {
      const { undoFeedback } = await import('../incidents/feedback.ts');
      const undone = undoFeedback(data, id, Date.now());
      if (!undone)
        throw new UserError(
          `no feedback is called '${id}', or it was undone; 'homeostat feedback list' shows them`,
        );
      console.log(`Taken back: ${undone.verdict} of ${undone.cause}.`);
    });
}

function render(said: readonly Feedback[]): string {
  return table<Feedback>(
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'SAID', value: ({ verdict }) => verdict },
      { title: 'WHEN', value: ({ at }) => new Date(at).toLocaleString('sv') },
      { title: 'HOLDS', value: untilOf },
      { title: 'INCIDENT', value: ({ incident }) => incident.slice(0, 8) },
      { title: 'KINDS', value: ({ kinds }) => kinds.join(' ') },
      { title: 'CAUSE', value: ({ cause }) => cause, flexible: true },
    ],
    said,
  );
}

function untilOf({ expiresAt, undoneAt }: Feedback): string {
  if (undoneAt !== undefined) return 'undone';
  if (expiresAt === undefined) return 'always';
  const day = new Date(expiresAt).toLocaleDateString('sv');
  return expiresAt <= Date.now() ? `expired ${day}` : `until ${day}`;
}
