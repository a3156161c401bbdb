import { feedbackOf, holdsAt, type Preview, previewOf, type Wish } from '../../alert/incidents/feedback.ts';
import { changeFeedback, readFeedback } from '../../alert/incidents/feedback-file.ts';
import type { WallClock } from '../../alert/incidents/windows.ts';
import { UserError } from '../../lib/errors.ts';
import type { Feedback, FeedbackAnswer } from '../../model/feedback.ts';
import type { Incident } from '../../model/incident.ts';

/** An incident, the folder that keeps it, and all that are kept there, newest first. */
export interface Found {
  readonly incident: Incident;
  readonly folder: string;
  readonly others: readonly Incident[];
}

/** Something that is about to be said, and what it would have changed. */
export interface Intent {
  readonly incident: Incident;
  readonly feedback: Feedback;
  readonly preview: Preview;
  /** Says it. What runs takes it over by itself. */
  readonly say: () => void;
}

/** Throws a UserError where it would silence a whole machine, or it was said already. */
export function intentFor({ incident, folder, others }: Found, wish: Wish, clock: WallClock): Intent {
  const feedback = feedbackOf(incident, wish, clock);
  const known = readFeedback(folder).find(
    (one) => one.verdict === wish.verdict && one.incident === incident.id && holdsAt(one, wish.at),
  );
  if (known)
    throw new UserError(
      `that was said before, as ${known.id}; 'homeostat feedback undo ${known.id}' takes it back`,
    );
  return {
    ...{ incident, feedback, preview: previewOf(feedback, others, clock) },
    say: () => changeFeedback(folder, (all) => [...all, feedback]),
  };
}

/** Takes it back where it is kept; undefined where nothing of that id holds. */
export function undoIn(folder: string, id: string, at: number): Feedback | undefined {
  const said = readFeedback(folder).find((one) => one.id === id && one.undoneAt === undefined);
  if (!said) return undefined;
  const undone = { ...said, undoneAt: at };
  changeFeedback(folder, (all) => all.map((one) => (one.id === id ? undone : one)));
  return undone;
}

/** As machines read it. */
export function answerOf({ feedback, preview }: Intent, applied: boolean): FeedbackAnswer {
  const ids = (incidents: readonly Incident[]): string[] => incidents.map(({ id }) => id);
  const would = { muted: ids(preview.muted), told: preview.told, confirmed: ids(preview.confirmed) };
  return { feedback, would, applied };
}
