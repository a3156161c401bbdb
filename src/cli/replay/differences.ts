import { isReleased } from '../../alert/incidents/telling.ts';
import { duration } from '../../lib/text.ts';
import type { Severity } from '../../model/anomaly.ts';
import type { Incident } from '../../model/incident.ts';

/** One incident on both sides that is not the same. */
export interface Changed {
  readonly before: Incident;
  readonly after: Incident;
  /** For a person, one change each: `MEDIUM -> HIGH`, `begins 3 min later`. */
  readonly how: readonly string[];
}

/** The incidents of one side in figures. */
export interface Counts {
  readonly incidents: number;
  /** Of which somebody would be told. */
  readonly told: number;
  readonly severities: Readonly<Record<Severity, number>>;
}

export interface Differences {
  readonly before: Counts;
  readonly after: Counts;
  readonly added: readonly Incident[];
  readonly gone: readonly Incident[];
  readonly changed: readonly Changed[];
  readonly same: number;
}

/** Times that differ by less are the same. */
const SAME_MS = 60_000;

/** How incidents differ: those of one id are one, then those of one host that are about the same at one time. */
export function differencesOf(before: readonly Incident[], after: readonly Incident[]): Differences {
  const left = new Map(after.map((incident) => [incident.id, incident]));
  const pairs: [Incident, Incident][] = [];
  const unpaired: Incident[] = [];
  for (const one of before) {
    const other = left.get(one.id);
    if (other && left.delete(one.id)) pairs.push([one, other]);
    else unpaired.push(one);
  }
  const gone: Incident[] = [];
  for (const one of unpaired) {
    const other = [...left.values()].find((candidate) => isAbout(one, candidate));
    if (other && left.delete(other.id)) pairs.push([one, other]);
    else gone.push(one);
  }
  const changes = pairs.map(
    ([one, other]): Changed => ({ before: one, after: other, how: changesOf(one, other) }),
  );
  const changed = changes.filter(({ how }) => how.length > 0);
  return {
    ...{ before: countsOf(before), after: countsOf(after) },
    ...{ added: [...left.values()], gone, changed, same: pairs.length - changed.length },
  };
}

const isAbout = (one: Incident, other: Incident): boolean =>
  one.host === other.host &&
  (one.cause === other.cause || one.kind === other.kind) &&
  one.since <= (other.closedAt ?? Number.POSITIVE_INFINITY) &&
  other.since <= (one.closedAt ?? Number.POSITIVE_INFINITY);

function changesOf(before: Incident, after: Incident): readonly string[] {
  const [was, is] = [wasTold(before), wasTold(after)];
  return [
    ...(before.severity === after.severity ? [] : [`${before.severity} -> ${after.severity}`]),
    ...(before.cause === after.cause ? [] : [`cause ${before.cause} -> ${after.cause}`]),
    ...shift('begins', before.since, after.since),
    ...shift('ends', before.closedAt, after.closedAt),
    ...(before.flapping === after.flapping ? [] : [after.flapping ? 'flaps' : 'does not flap']),
    ...(was === is ? [] : [is ? 'told' : `not told: ${after.decisions.at(-1)?.why ?? 'nothing was due'}`]),
  ];
}

function shift(what: string, before: number | undefined, after: number | undefined): readonly string[] {
  if (before === undefined || after === undefined)
    return before === after
      ? []
      : [after === undefined ? `${what} not in the period` : `${what} in the period`];
  const by = after - before;
  return Math.abs(by) < SAME_MS ? [] : [`${what} ${duration(Math.abs(by))} ${by > 0 ? 'later' : 'earlier'}`];
}

const wasTold = ({ decisions }: Incident): boolean => decisions.some(isReleased);

function countsOf(incidents: readonly Incident[]): Counts {
  const of = (severity: Severity): number => incidents.filter((one) => one.severity === severity).length;
  return {
    incidents: incidents.length,
    told: incidents.filter(wasTold).length,
    severities: { HIGH: of('HIGH'), MEDIUM: of('MEDIUM'), LOW: of('LOW') },
  };
}
