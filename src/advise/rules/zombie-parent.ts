import type { ListedProcess } from '../../model/process.ts';
import type { Draft, Rule } from '../rule.ts';
import { restart, subjectOf, targetOf } from '../target.ts';

/** Fewer come and go. */
const LEAST = 3;
const MANY = 100;
/** A child that ended a moment ago may be fetched in the next one. */
const OLD_MS = 60_000;

/** A parent that does not fetch its children that have ended. */
export const zombieParent: Rule = {
  name: 'zombie-parent',
  advise: ({ processes, at }) => {
    const zombies = Map.groupBy(
      processes.filter(({ state, startedAt }) => state === 'Z' && at - startedAt >= OLD_MS),
      ({ ppid }: ListedProcess) => ppid,
    );
    return [...zombies].flatMap(([ppid, children]): Draft[] => {
      const parent = processes.find(({ pid }) => pid === ppid);
      if (!parent || children.length < LEAST) return [];
      const { advice, undo } = restart(parent);
      return [
        {
          severity: children.length >= MANY ? 'MEDIUM' : 'LOW',
          ...{ target: targetOf(parent), subject: subjectOf(parent) },
          advice: `It does not fetch its children that have ended: remind it; if they stay, ${advice}. They cannot be killed.`,
          why: `${children.length} zombies are its children`,
          gain: `${children.length} process ids; a zombie has no memory and takes no CPU`,
          sure: 'medium',
          because: 'most programs fetch their children on SIGCHLD, those with this defect may not',
          command: `kill -CHLD ${parent.pid}`,
          undo: `nothing to undo; after a restart: ${undo}`,
        },
      ];
    });
  },
};
