import type { CollectorReport, Coverage, Loss } from '../model/coverage.ts';

/** A loss is news for so long, ms; after that it stays in the ledger, but nobody is blind any more. */
const RECENT_MS = 10 * 60_000;

/**
 * Healthy: every collector answered, none is blind to a whole subject, nothing was lost lately, and what is seen can be
 * stored (no `storeProblem`).
 */
export function coverageOf(
  collectors: readonly CollectorReport[],
  losses: readonly Loss[],
  now: number,
  storeProblem: string | undefined,
): Coverage {
  const healthy =
    storeProblem === undefined &&
    collectors.every(({ outcome, blind }) => outcome === 'ok' && blind.every(({ severe }) => !severe)) &&
    losses.every(({ lastAt }) => now - lastAt > RECENT_MS);
  return { healthy, collectors, losses, ...(storeProblem !== undefined && { storeProblem }) };
}
