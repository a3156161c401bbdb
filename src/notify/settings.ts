import * as v from 'valibot';
import { durationSchema } from '../lib/quantity.ts';
import { optionalSetting, setting } from '../lib/setting.ts';
import type { SignalKind } from '../model/incident.ts';
import { alertmanagerSchema } from './alertmanager/settings.ts';
import { desktopSchema } from './desktop/settings.ts';
import { emailSchema } from './email/settings.ts';
import { text } from './place-settings.ts';
import { slackSchema } from './slack/settings.ts';
import { webhookSchema } from './webhook/settings.ts';

const TYPES = 'one of email, slack, webhook, alertmanager, desktop';

const channelSchema = v.variant(
  'type',
  [emailSchema, slackSchema, webhookSchema, alertmanagerSchema, desktopSchema],
  (issue) => (issue.path?.at(-1)?.key === 'type' ? TYPES : 'the settings of a channel'),
);

const KINDS = [
  'machine',
  'process',
  'silence',
  'peers',
  'threshold',
  'forecast',
] as const satisfies readonly SignalKind[];
const KIND = `one of ${KINDS.join(', ')}`;

const routeSchema = v.strictObject({
  to: v.array(v.string(), 'a list of channels, such as [mail, chat]'),
  /** At least. */
  severity: v.optional(v.picklist(['LOW', 'MEDIUM', 'HIGH'], 'one of LOW, MEDIUM, HIGH')),
  /** Names of hosts, in which * stands for any characters and ? for one. */
  host: v.optional(
    v.array(text('the name of a host, or a pattern such as db*'), 'a list of hosts, such as [db*]'),
  ),
  kind: v.optional(v.array(v.picklist(KINDS, KIND), `a list: ${KIND}`)),
  /** Kept, but not used. */
  off: v.optional(v.boolean(), false),
  /** Of one incident a reminder comes at most so often. Left out: each one that there is. */
  repeat: v.optional(durationSchema),
});

const NAME = 'the name of a channel: letters, digits, - and _';

const channelsSchema = v.record(v.pipe(v.string(), v.regex(/^[\w-]{1,40}$/, NAME)), channelSchema);

const linkSchema = v.pipe(
  text('a URL'),
  v.check((given) => URL.canParse(given), 'a URL, such as https://hub.example.com/'),
);

const MAIL: v.InferInput<typeof emailSchema> = {
  ...{ type: 'email', host: 'smtp.example.com', user: 'homeostat', password_file: '/etc/homeostat/smtp' },
  ...{ from: 'homeostat@example.com', to: ['ops@example.com'] },
};

/** Who is told of incidents, and how. */
export const notifySchema = v.optional(
  v.pipe(
    v.strictObject({
      channels: optionalSetting(
        'Ways to reach people, by a name of yours: e-mail, Slack, webhook, Alertmanager, desktop (docs/notifications.md). Left out: nobody is told.',
        channelsSchema,
        { mail: MAIL },
      ),
      routes: optionalSetting(
        'Which channel is told what: by severity, host and kind. Left out: every channel is told everything.',
        v.array(routeSchema, 'a list of routes'),
        [{ to: ['mail'], severity: 'MEDIUM', repeat: '4h' }],
      ),
      match: setting(
        'Whether all routes that fit are used, or the first one.',
        v.picklist(['all', 'first'], 'one of all, first'),
        'all',
      ),
      link: optionalSetting(
        'Where a person reaches the dashboard. Left out: where it listens.',
        linkSchema,
        'https://homeostat.example.com/',
      ),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { channels = {}, routes } = dataset.value;
      const known = Object.keys(channels);
      const stranger = routes?.flatMap(({ to }) => to).find((name) => !known.includes(name));
      if (stranger === undefined) return;
      const choice = known.length > 0 ? `there are ${known.join(', ')}` : 'there are none in notify.channels';
      addIssue({
        message: `a channel; ${choice}`,
        input: stranger,
        path: [{ type: 'object', origin: 'value', input: dataset.value, key: 'routes', value: routes }],
      });
    }),
  ),
  {},
);

export type NotifySettings = v.InferOutput<typeof notifySchema>;
export type ChannelSettings = NonNullable<NotifySettings['channels']>[string];
export type RouteSettings = NonNullable<NotifySettings['routes']>[number];
