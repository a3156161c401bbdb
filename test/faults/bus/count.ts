import { LogReader } from '../../../src/wal/log-reader.ts';
import type { Agent } from './agent.ts';
import { numberOf } from './keys.ts';

/** What became of the events, by their keys. */
export interface Counts {
  readonly acknowledged: number;
  /** In the log, acknowledged or not: the answer to an event may be what was lost. */
  readonly kept: number;
  /** Acknowledged and not in the log. */
  readonly lost: number;
  /** In the log more than once. */
  readonly twice: number;
  /** Rows whose bytes do not match their checksum, and ids that are missing though nothing was dropped. */
  readonly damaged: number;
}

/** Looks each acknowledged key up in the log of this path; and of each agent, whose events are numbered, those that its outbox has let go. */
export function count(path: string, acknowledged: Iterable<string>, agents: readonly Agent[] = []): Counts {
  const reader = new LogReader(path);
  try {
    const times = new Map<string, number>();
    for (const { key } of reader.records()) times.set(key, (times.get(key) ?? 0) + 1);
    const { damage, missing, dropped } = reader.verify();
    const keys = [...acknowledged];
    const released = agents.map((agent) => releasedBy(agent, times.keys()));
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
    return {
      acknowledged: keys.length + sum(released.map(({ count }) => count)),
      kept: sum([...times.values()]),
      lost: keys.filter((key) => !times.has(key)).length + sum(released.map(({ lost }) => lost)),
      twice: [...times.values()].filter((one) => one > 1).length,
      damaged: damage.length + Math.max(0, missing - dropped),
    };
  } finally {
    reader.close();
  }
}

/** Events of an agent that are no longer in its outbox, and of them those that are not among `kept` either. */
function releasedBy(agent: Agent, kept: Iterable<string>): { readonly count: number; readonly lost: number } {
  const outbox = new Set(agent.outbox().map(numberOf));
  const numbers = [...kept].filter((key) => key.startsWith(`${agent.name}/`)).map(numberOf);
  const there = new Set(numbers);
  const last = Math.max(0, ...numbers, ...outbox);
  let count = 0;
  let lost = 0;
  for (let number = 1; number <= last; number++) {
    if (outbox.has(number)) continue;
    count++;
    if (!there.has(number)) lost++;
  }
  return { count, lost: lost + numbers.length - there.size };
}

/** Whether nothing was lost, nothing is there twice, and there was something to lose. */
export const isWhole = ({ acknowledged, lost, twice, damaged }: Counts): boolean =>
  acknowledged > 0 && lost === 0 && twice === 0 && damaged === 0;
