import type { Command } from 'commander';
import { duration, printable } from '../../lib/text.ts';
import {
  PROFILE_MEASURES,
  type ProfileMeasure,
  type ProfileSummary,
  type ProfilesAnswer,
  showMeasure,
} from '../../model/profile.ts';
import { requireRunning } from '../client.ts';
import { addDataOption, addJsonOption, countArgument } from '../options.ts';
import { type Column, table } from '../table.ts';

interface ProfilesOptions {
  readonly data: string;
  readonly json?: true;
  readonly limit?: number;
}

const HELP = `
A profile is learned of each executable (of an interpreter together with what it
runs), minute by minute; what is old counts less (half after 14 days). The table
shows the median and, after it, what all but 1 % of the minutes stay below.
Until a profile is mature (a day, and 240 minutes of its processes) nothing is
called unusual of it.

Example:
  homeostat profiles postgres`;

/** Kinds that a screen has room for. */
const SHOWN = 30;
/** Characters of a path. */
const LONGEST = 42;

export function addProfiles(program: Command): void {
  addJsonOption(addDataOption(program.command('profiles')))
    .description('what each kind of process usually does, and whether enough was seen of it')
    .argument('[executable]', 'only kinds whose path holds this')
    .option(
      '--limit <n>',
      'at most so many, those seen most first (default: 30; all with --json)',
      countArgument,
    )
    .addHelpText('after', HELP)
    .action(async (executable: string | undefined, { data, json, limit }: ProfilesOptions) => {
      const answer = await requireRunning(data).get<ProfilesAnswer>('profiles', { executable });
      if (json)
        console.log(JSON.stringify({ ...answer, profiles: answer.profiles.slice(0, limit) }, null, 2));
      else console.log(render(answer.profiles.slice(0, limit ?? SHOWN), answer, executable));
    });
}

function render(
  shown: readonly ProfileSummary[],
  { profiles, forgotten }: ProfilesAnswer,
  executable: string | undefined,
): string {
  if (profiles.length === 0)
    return executable === undefined
      ? 'No process was seen yet.'
      : `No profile of an executable with '${printable(executable)}' in its path; 'homeostat profiles' lists what is known.`;
  const mature = profiles.filter(({ maturity }) => maturity === 'mature').length;
  const notes = [`${profiles.length} kinds of processes, ${mature} of them mature.`];
  if (shown.length < profiles.length)
    notes.push(`${profiles.length - shown.length} are not shown: see --limit.`);
  if (forgotten > 0)
    notes.push(`${forgotten} were forgotten because there were too many, the longest unseen first.`);
  return `${table(COLUMNS, shown)}\n\n${notes.join(' ')}`;
}

const COLUMNS: readonly Column<ProfileSummary>[] = [
  { title: 'EXECUTABLE', value: ({ kind }) => ending(kind), flexible: true },
  { title: 'STATE', value: state },
  { title: 'RUNS', align: 'right', value: ({ running }) => `${running}` },
  ...(Object.keys(PROFILE_MEASURES) as ProfileMeasure[]).map(
    (measure): Column<ProfileSummary> => ({
      title: PROFILE_MEASURES[measure].label.toUpperCase(),
      align: 'right',
      value: ({ usual }) => range(measure, usual[measure]),
    }),
  ),
];

/** What it runs stands at the end. */
const ending = (kind: string): string => (kind.length > LONGEST ? `…${kind.slice(1 - LONGEST)}` : kind);

/** How far it is, or since when it is known. */
function state({ maturity, minutes, neededMinutes, firstSeenAt, lastSeenAt }: ProfileSummary): string {
  return maturity === 'mature'
    ? `known ${duration(lastSeenAt - firstSeenAt)}`
    : `${Math.min(minutes, neededMinutes)} of ${neededMinutes} min`;
}

function range(measure: ProfileMeasure, usual: ProfileSummary['usual'][ProfileMeasure]): string {
  return usual ? `${showMeasure(measure, usual.median)}, ${showMeasure(measure, usual.high)}` : '-';
}
