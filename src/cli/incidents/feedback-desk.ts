import { holdsAt } from '../../alert/incidents/feedback.ts';
import { readFeedback } from '../../alert/incidents/feedback-file.ts';
import type { WallClock } from '../../alert/incidents/windows.ts';
import type { Clock } from '../../lib/clock.ts';
import type { IncidentArchive } from '../../model/incident-archive.ts';
import type { FeedbackDesk } from '../../serve/source.ts';
import { answerOf, intentFor, undoIn } from './intent.ts';

export interface FeedbackDeskOptions {
  /** Where incidents and what is said of them are kept. */
  readonly folder: string;
  readonly archive: IncidentArchive;
  readonly clock: Clock;
  /** As it is set now. */
  readonly wallClock: () => WallClock;
}

/** What people say of incidents by HTTP: the same as they do in a terminal. */
export function feedbackDesk({ folder, archive, clock, wallClock }: FeedbackDeskOptions): FeedbackDesk {
  return {
    of: (incident) =>
      readFeedback(folder).filter((one) => one.incident === incident && holdsAt(one, clock.now())),
    intend(incident, wish, apply) {
      const found = { incident, folder, others: archive.list({}) };
      const intent = intentFor(found, { ...wish, at: clock.now() }, wallClock());
      if (apply) intent.say();
      return answerOf(intent, apply);
    },
    undo: (id) => undoIn(folder, id, clock.now()),
  };
}
