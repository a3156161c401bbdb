import * as v from 'valibot';
import { durationSchema, sizeSchema } from '../../lib/quantity.ts';
import { optionalSetting, section, setting } from '../../lib/setting.ts';
import { DEFAULT_POLICY, type IncidentPolicy } from './policy.ts';
import { WEEKDAYS, wallClock } from './windows.ts';

const KINDS = ['machine', 'process', 'silence', 'peers', 'threshold', 'forecast'] as const;
const WINDOW_HELP =
  "a time such as '22:00' or a date and time such as 2026-12-24T18:00 (in the zone of incidents.time_zone)";
const FORMS_HELP =
  "a window: from and to are both times such as '22:00', or both dates with times such as 2026-12-24T18:00 (and then without days)";
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$/;

const moment = v.pipe(
  v.string(WINDOW_HELP),
  v.check((text) => TIME.test(text) || DATE.test(text), WINDOW_HELP),
);

const windowSchema = v.pipe(
  v.strictObject({
    name: v.optional(v.string()),
    days: v.optional(v.array(v.picklist(WEEKDAYS, `one of ${WEEKDAYS.join(', ')}`))),
    from: moment,
    to: moment,
    hosts: v.optional(v.array(v.string())),
    kinds: v.optional(v.array(v.picklist(KINDS, `one of ${KINDS.join(', ')}`))),
  }),
  v.check(({ days, from, to }) => {
    if (TIME.test(from)) return TIME.test(to) && from !== to;
    return DATE.test(to) && from < to && days === undefined;
  }, FORMS_HELP),
  v.transform(({ name, days, hosts, kinds, ...times }) => ({
    ...times,
    ...(name !== undefined && { name }),
    ...(days && { days }),
    ...(hosts && { hosts }),
    ...(kinds && { kinds }),
  })),
);

const ZONE_HELP = 'a time zone such as Europe/Berlin or UTC';
const WINDOWS_HELP =
  'each with from and to, and, left out: all, days, hosts, kinds; with a name where you like';

/** The section `incidents` of the configuration. */
export const incidentsSchema = section({
  close_after: setting('An incident is over when nothing of it was open for so long.', durationSchema, '5m'),
  reopen_within: setting('What comes back within this time is the same incident.', durationSchema, '30m'),
  remind_every: setting('How often an open HIGH one is told again.', durationSchema, '4h'),
  tell_provisional: setting(
    'Tell also what was found before a day of this machine was seen (calibrated).',
    v.boolean(),
    false,
  ),
  time_zone: optionalSetting(
    "Of quiet hours and maintenance. Left out: this machine's.",
    v.pipe(v.string(ZONE_HELP), v.check(isZone, ZONE_HELP)),
    'Europe/Berlin',
  ),
  quiet_hours: setting(
    `What is not HIGH waits for their end and is told together then: ${WINDOWS_HELP}.`,
    v.array(windowSchema),
    [],
  ),
  maintenance: setting(
    `All waits for its end; what is still open then is told: ${WINDOWS_HELP}.`,
    v.array(windowSchema),
    [],
  ),
  keep: setting('How long incidents that are over are kept, with their evidence.', durationSchema, '1y'),
  cap: setting(
    'What they may take on disk, at least 1MiB; beyond it the oldest evidence goes and is counted.',
    sizeSchema('1MiB'),
    '64MiB',
  ),
});

export type IncidentSettings = v.InferOutput<typeof incidentsSchema>;

/** The policy that settings stand for. */
export function policyOf(settings: IncidentSettings, isHost = DEFAULT_POLICY.isHost): IncidentPolicy {
  return {
    closeAfterMs: settings.close_after,
    reopenWithinMs: settings.reopen_within,
    flapReturns: DEFAULT_POLICY.flapReturns,
    remindEveryMs: settings.remind_every,
    tellProvisional: settings.tell_provisional,
    quietHours: settings.quiet_hours,
    maintenance: settings.maintenance,
    wallClock: wallClock(settings.time_zone),
    isHost,
  };
}

function isZone(name: string): boolean {
  try {
    wallClock(name);
    return true;
  } catch {
    return false;
  }
}
