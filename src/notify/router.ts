import type { Severity } from '../model/anomaly.ts';
import type { Notice } from '../model/incident.ts';
import type { NotifySettings, RouteSettings } from './settings.ts';

export interface Target {
  readonly channel: string;
  /** A reminder comes at most so often, ms. */
  readonly repeatMs?: number;
}

const RANK: Readonly<Record<Severity, number>> = { LOW: 0, MEDIUM: 1, HIGH: 2 };

/** The channels that are told of a notice, each once. Without routes all of them; a channel that several routes name has the first one's terms. */
export function targetsOf(
  { incident }: Notice,
  { channels = {}, match, routes }: NotifySettings,
): readonly Target[] {
  if (!routes) return Object.keys(channels).map((channel) => ({ channel }));
  const fitting = routes.filter((route) => !route.off && fits(route, incident));
  const used = match === 'first' ? fitting.slice(0, 1) : fitting;
  const targets = new Map<string, Target>();
  for (const { to, repeat: repeatMs } of used)
    for (const channel of to)
      if (!targets.has(channel))
        targets.set(channel, { channel, ...(repeatMs !== undefined && { repeatMs }) });
  return [...targets.values()];
}

function fits({ severity, host, kind }: RouteSettings, incident: Notice['incident']): boolean {
  return (
    (severity === undefined || RANK[incident.severity] >= RANK[severity]) &&
    (host === undefined || host.some((pattern) => matches(pattern, incident.host))) &&
    (kind === undefined || kind.includes(incident.kind))
  );
}

/**
 * Whether a pattern, in which `*` stands for any characters and `?` for one, is that name; names of hosts have no case. Only the last `*` is
 * ever widened, so that it takes at most pattern times name steps (a regular expression could take for ever).
 */
function matches(pattern: string, name: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), name.toLowerCase()];
  let [at, place, star, widened] = [0, 0, -1, 0];
  while (place < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      widened = place;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++widened;
    } else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}
