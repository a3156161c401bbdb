import { existsSync } from 'node:fs';
import type { Wish } from '../../alert/incidents/feedback.ts';
import { readFeedback } from '../../alert/incidents/feedback-file.ts';
import { wallClock } from '../../alert/incidents/windows.ts';
import type { Feedback } from '../../model/feedback.ts';
import { hubFolder } from '../hub-folder.ts';
import { readSettings } from '../settings.ts';
import { findIncident } from './archives.ts';
import { type Intent, intentFor, undoIn } from './intent.ts';

/** What was said of this machine's incidents and of a hub's hosts', and in which folder that is kept; oldest first. */
export function allFeedback(
  data: string,
): readonly { readonly folder: string; readonly feedback: Feedback }[] {
  return [data, hubFolder(data)].flatMap((folder) =>
    existsSync(folder) ? readFeedback(folder).map((feedback) => ({ folder, feedback })) : [],
  );
}

/** Takes it back; undefined where nothing of that id holds. */
export function undoFeedback(data: string, id: string, at: number): Feedback | undefined {
  const folders = new Set(allFeedback(data).map(({ folder }) => folder));
  for (const folder of folders) {
    const undone = undoIn(folder, id, at);
    if (undone) return undone;
  }
  return undefined;
}

/** Throws a UserError where there is no such incident, it would silence a whole machine, or it was said already. */
export async function intentOf(data: string, prefix: string, wish: Wish, config?: string): Promise<Intent> {
  const { incidents: settings } = await readSettings(config === undefined ? {} : { config });
  return intentFor(await findIncident(data, prefix), wish, wallClock(settings.time_zone));
}

/** What calling it normal would have changed, in a line or some. */
export function renderPreview({ feedback, preview: { muted, told, confirmed } }: Intent): string {
  const first = muted.at(-1);
  const since = first ? ` since ${new Date(first.since).toLocaleDateString('sv')}` : '';
  const of = `${feedback.cause}; kind ${feedback.kinds.join(', ')}; ${feedback.severity} at most`;
  const when = feedback.hourOfWeek === undefined ? '' : '; in this hour of the week alone';
  return [
    `Would have muted ${count(muted.length, 'incident')}${since} (${of}${when}); ${count(told, 'of them was', 'of them were')} told.`,
    confirmed.length === 0
      ? 'None of them was confirmed as real.'
      : `It would have hidden ${confirmed.length} that you confirmed: ${confirmed.map(({ id }) => id.slice(0, 8)).join(', ')}.`,
  ].join('\n');
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
