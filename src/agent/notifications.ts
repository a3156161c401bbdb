import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Loss } from '../model/coverage.ts';
import type { History } from '../model/history.ts';
import type { Decision, Incident, Notice } from '../model/incident.ts';
import type { Advice } from '../model/recommendation.ts';
import type { Notifier, ReadSeries } from '../notify/notifier.ts';
import type { NotifySettings } from '../notify/settings.ts';

/** What is told, what each channel knows, and the log of deliveries. */
export const deliveryPath = (folder: string): string => join(folder, 'notify.db');

export interface NotificationsOptions {
  readonly settings: NotifySettings;
  /** Where deliveries are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Where the dashboard is, for who has not configured it. */
  readonly address: () => string | undefined;
  /** What leads from there to a host: `?host=web-1`. */
  readonly pageOf?: (host: string) => string;
  /** What a person calls a host: who tells of its own machine knows it by an id. */
  readonly nameOf: (host: string) => string;
  /** What was measured on a host of that name. */
  readonly history: (host: string) => History | undefined;
  readonly current?: (id: string) => Incident | undefined;
  /** What could be done about an incident. */
  readonly advice?: (incident: Incident) => Advice | undefined;
  readonly onDecision: (incident: string, decision: Decision) => void;
}

/** Tells people of incidents. */
export interface Notifications {
  start(): void;
  /** Never throws and never waits. */
  tell(notice: Notice): void;
  losses(): readonly Loss[];
  stop(): Promise<void>;
}

/** The channels of the settings with what waits for them; undefined, and nothing is loaded, where there are none. Throws a UserError. */
export async function openNotifications(options: NotificationsOptions): Promise<Notifications | undefined> {
  const { settings, folder, clock, log, env, version, address, history } = options;
  if (Object.keys(settings.channels ?? {}).length === 0) return undefined;
  const { Dispatcher } = await import('../notify/dispatcher.ts');
  const { DeliveryFile } = await import('../notify/delivery-file.ts');
  const { makeNotifier, problemsOf } = await import('../notify/channels.ts');
  for (const [name, channel] of Object.entries(settings.channels ?? {}))
    for (const problem of problemsOf(channel, env)) log.warn(`${name} cannot be told: ${problem}`);
  const context = { env, version, now: () => clock.now(), series: seriesOf(history) };
  const notifiers = new Map<string, Notifier>();
  for (const [name, channel] of Object.entries(settings.channels ?? {}))
    notifiers.set(name, await makeNotifier(name, channel, context));
  const named = (incident: Incident): Incident => ({ ...incident, host: options.nameOf(incident.host) });
  const { current } = options;
  const dispatcher = new Dispatcher({
    ...{ settings, clock, log, onDecision: options.onDecision },
    notifiers,
    file: new DeliveryFile(deliveryPath(folder)),
    link: ({ host, id }) => {
      const base = settings.link ?? address();
      if (!base) return undefined;
      const page = new URL(options.pageOf?.(host) ?? '', base);
      page.searchParams.set('page', 'incidents');
      page.searchParams.set('incident', id);
      return page.href;
    },
    advice: (incident) =>
      (options.advice?.(incident)?.recommendations ?? []).map(({ advice: what, command }) => ({
        what,
        ...(command !== undefined && { command }),
      })),
    ...(current && {
      current: (id: string) => {
        const incident = current(id);
        return incident && named(incident);
      },
    }),
  });
  return {
    start: () => dispatcher.start(),
    tell: (notice) => dispatcher.tell({ ...notice, incident: named(notice.incident) }),
    losses: () => dispatcher.losses(),
    stop: () => dispatcher.stop(),
  };
}

const MOST_POINTS = 600;

/** A metric's means, as fine as they are kept. */
export const seriesOf =
  (history: (host: string) => History | undefined): ReadSeries =>
  (host, metric, from, to) => {
    const [frame] =
      history(host)?.query({ metrics: [metric], from, to, maxPoints: MOST_POINTS }).frames ?? [];
    return frame ? Array.from(frame.at, (at, place) => [at, frame.mean[place]!] as const) : [];
  };
