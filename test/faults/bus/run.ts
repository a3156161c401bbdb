import { errorMessage } from '../../../src/lib/errors.ts';
import { Cleanup } from '../cleanup.ts';
import { clockSkew } from './clock-skew.ts';
import { isWhole } from './count.ts';
import { diskFull } from './disk-full.ts';
import { fsyncFails, pagesLost } from './fsync-fails.ts';
import { killAgent } from './kill-agent.ts';
import { killHub } from './kill-hub.ts';
import { networkCut } from './network-cut.ts';
import type { BusFault, Outcome } from './stand.ts';

export const BUS_FAULTS: readonly BusFault[] = [
  killHub,
  killAgent,
  diskFull,
  fsyncFails,
  pagesLost,
  networkCut,
  clockSkew,
];

export interface BusResult extends Outcome {
  readonly fault: string;
  /** The fault was made, nothing that was acknowledged is lost, and nothing is there twice. */
  readonly ok: boolean;
}

/** Makes one fault and leaves nothing of it behind. */
export async function make(fault: BusFault, short: boolean): Promise<BusResult> {
  const cleanup = new Cleanup();
  const interrupted = (): void => void cleanup.end().finally(() => process.exit(130));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupted);
  try {
    const outcome = await fault.make(cleanup, short);
    return { fault: fault.name, ...outcome, ok: outcome.made && isWhole(outcome.counts) };
  } finally {
    await cleanup.run();
    // What failed only because of that is not told, and no other fault begins: the process is about to end.
    if (cleanup.hasEnded) await new Promise<never>(() => {});
    for (const signal of signals) process.off(signal, interrupted);
  }
}

/** All of `faults`, one after the other; one that cannot be made is told and does not keep the others from it. */
export async function runBusFaults(
  faults: readonly BusFault[],
  tell: (line: string) => void,
): Promise<BusResult[]> {
  const results: BusResult[] = [];
  for (const fault of faults) {
    tell(`${fault.name}: ${fault.what} ...`);
    try {
      const result = await make(fault, false);
      tell(`  ${result.seen}`);
      results.push(result);
    } catch (error) {
      const counts = { acknowledged: 0, kept: 0, lost: 0, twice: 0, damaged: 0 };
      results.push({ fault: fault.name, counts, seen: errorMessage(error), made: false, ok: false });
    }
  }
  return results;
}

export function busTable(results: readonly BusResult[]): string {
  const rows = results.map(({ fault, counts, ok, seen }) => [
    ...[fault, ok ? 'whole' : 'NOT WHOLE'],
    ...[counts.acknowledged, counts.kept, counts.lost, counts.twice, counts.damaged].map(String),
    seen,
  ]);
  const all = [['fault', '', 'acknowledged', 'in the log', 'lost', 'twice', 'damaged', 'seen'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column >= 2 && column <= 6 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
