import { shellQuote } from '../../lib/shell-quote.ts';
import { duration } from '../../lib/text.ts';
import { formatValue } from '../../model/display.ts';
import { parseSeriesKey } from '../../model/metric.ts';
import type { Draft, Rule } from '../rule.ts';
import type { FolderGrowth } from '../situation.ts';
import { quoted } from '../target.ts';

const SHOWN = 3;
/** Folders that programs keep for themselves, and how each is emptied by its own means. */
const KNOWN: readonly {
  readonly folder: RegExp;
  readonly advice: string;
  readonly command: string;
  readonly undo: string;
}[] = [
  {
    folder: /^\/var\/log\/journal(?:\/|$)/,
    advice: 'Let the journal keep a week',
    command: 'journalctl --vacuum-time=7d',
    undo: 'cannot be undone: older log lines are gone',
  },
  {
    folder: /^\/var\/cache\/apt(?:\/|$)/,
    advice: 'Empty the cache of packages that are installed',
    command: 'apt-get clean',
    undo: 'nothing to undo: packages are fetched again when they are needed',
  },
  {
    folder: /^\/var\/lib\/(?:docker|containers)(?:\/|$)/,
    advice: 'See what images and volumes nobody uses take',
    command: 'docker system df',
    undo: 'nothing to undo: it only looks',
  },
];

/** A file system near its line, or full soon: which folders grow. */
export const diskFilling: Rule = {
  name: 'disk-filling',
  advise: ({ breaches, walks, at }) =>
    breaches
      .filter(({ limit }) => limit === 'disk')
      .flatMap((breach): Draft[] => {
        const mount = parseSeriesKey(breach.metrics[0]?.metric ?? '')?.attributes[
          'system.filesystem.mountpoint'
        ];
        if (mount === undefined) return [];
        const about = {
          severity: breach.severity,
          target: { kind: 'filesystem' as const, mount },
          subject: `file system ${quoted(mount)}`,
        };
        const walk = walks.get(mount);
        return [walk ? { ...about, ...found(walk, at) } : { ...about, ...look(mount) }];
      }),
};

function look(mount: string): Omit<Draft, 'severity' | 'target' | 'subject'> {
  return {
    advice: 'Find the folders that grow: let them be measured now, and again later.',
    why: 'it is beyond its line, or will be full soon',
    gain: 'not known before the folders are measured',
    sure: 'high',
    because: 'it only looks: a walk at the lowest priority, on this file system alone, for a minute at most',
    command: `homeostat recommend --walk ${shellQuote(mount)}`,
    undo: 'nothing to undo: it only looks',
  };
}

function found(walk: FolderGrowth, now: number): Omit<Draft, 'severity' | 'target' | 'subject'> {
  const folders = walk.folders.slice(0, SHOWN);
  const [first] = folders;
  const known = KNOWN.find(({ folder }) => first && folder.test(first.path));
  const since = walk.beforeAt === undefined ? undefined : duration(walk.at - walk.beforeAt);
  const why = folders
    .map(
      ({ path, bytes, grown }) =>
        `${quoted(path)} ${formatValue(bytes, 'By')}${grown === undefined ? '' : ` (${grown < 0 ? '-' : '+'}${formatValue(Math.abs(grown), 'By')})`}`,
    )
    .join(', ');
  const gained = first ? Math.max(0, first.grown ?? first.bytes) : 0;
  return {
    advice: known
      ? `${known.advice}.`
      : `Look into ${first ? quoted(first.path) : 'its folders'}: it ${since === undefined ? 'is the largest' : 'grew most'}.`,
    why: `${why}; measured ${duration(now - walk.at)} ago${since === undefined ? '' : `, against ${since} before`}${walk.isPartial ? ', not to its end' : ''}`,
    gain: `at most ${formatValue(gained, 'By')}: ${since === undefined ? 'all that the folder holds' : `what came within ${since}`}`,
    sure: since === undefined ? 'low' : 'medium',
    because:
      since === undefined
        ? 'large is not growing: measure once more later'
        : 'it grew most; whether it is needed only its owner knows',
    command: known?.command ?? `ls -lAt -- ${shellQuote(first?.path ?? '/')} | head -n 20`,
    undo: known?.undo ?? 'nothing to undo: it only looks',
  };
}
