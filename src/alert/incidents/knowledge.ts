import type { Feedback } from '../../model/feedback.ts';
import type { Incident } from '../../model/incident.ts';
import { holdsAt, isNormalBy } from './feedback.ts';
import type { Annotation } from './incidents.ts';
import { Seasons } from './seasons.ts';
import type { WallClock } from './windows.ts';

/** What is known of incidents beside their signals: what people said, and what comes each day or week. */
export class Knowledge {
  readonly #wallClock: WallClock;
  readonly #feedback: () => readonly Feedback[];
  readonly #seasons: Seasons;

  constructor(wallClock: WallClock, feedback: () => readonly Feedback[]) {
    this.#wallClock = wallClock;
    this.#feedback = feedback;
    this.#seasons = new Seasons(wallClock);
  }

  /** An incident is over. */
  observe(incident: Incident): void {
    this.#seasons.observe(incident);
  }

  /** As `IncidentsOptions.annotate` asks for it. */
  annotate(incident: Incident, at: number): Annotation {
    const said = this.#feedback().filter((feedback) => holdsAt(feedback, at));
    const about = new Set(said.flatMap(({ incident: id, verdict }) => (id === incident.id ? [verdict] : [])));
    const normal = said.find((feedback) => isNormalBy(feedback, incident, this.#wallClock));
    const verdict = about.has('confirmed') ? 'confirmed' : normal && 'normal';
    const expected =
      verdict === undefined
        ? this.#seasons.expected(incident, at)
        : verdict === 'normal' && `a person said that this is normal (feedback ${normal!.id})`;
    return {
      ...(expected && { expected }),
      ...(verdict && { verdict }),
      ...(about.has('acknowledged') && { acknowledged: true }),
    };
  }
}
