/** How signals become incidents. */
export interface IncidentPolicy {
  /** An incident closes when all its signals were closed for so long, ms. */
  readonly closeAfterMs: number;
  /** What comes back within this time after it closed is the same incident, ms. */
  readonly reopenWithinMs: number;
}

export const DEFAULT_POLICY: IncidentPolicy = { closeAfterMs: 5 * 60_000, reopenWithinMs: 30 * 60_000 };
