import { errorMessage } from '../lib/errors.ts';
import { readAuthorities } from './http-channel.ts';
import type { ChannelContext, Notifier } from './notifier.ts';
import { readUrl, secretOf } from './place-settings.ts';
import type { ChannelSettings } from './settings.ts';

/** The notifier of a channel; what it needs is loaded with it. */
export async function makeNotifier(
  name: string,
  settings: ChannelSettings,
  context: ChannelContext,
): Promise<Notifier> {
  switch (settings.type) {
    case 'email':
      return new (await import('./email/email.ts')).EmailNotifier(name, settings, context);
    case 'slack': {
      const { SlackBotNotifier, SlackWebhookNotifier } = await import('./slack/slack.ts');
      const Slack = settings.channel === undefined ? SlackWebhookNotifier : SlackBotNotifier;
      return new Slack(name, settings, context);
    }
    case 'webhook':
      return new (await import('./webhook/webhook.ts')).WebhookNotifier(name, settings, context);
    case 'alertmanager':
      return new (await import('./alertmanager/alertmanager.ts')).AlertmanagerNotifier(
        name,
        settings,
        context,
      );
    case 'desktop':
      return new (await import('./desktop/desktop.ts')).DesktopNotifier(name, context);
  }
}

/** Where a channel tells, without what is secret. */
export function placeOf(settings: ChannelSettings): string {
  switch (settings.type) {
    case 'email':
      return `${settings.to.join(', ')} by ${settings.host}`;
    case 'slack':
      return settings.channel ?? 'an incoming webhook';
    case 'webhook':
      return settings.url === undefined ? 'a URL that is secret' : hostOf(settings.url);
    case 'alertmanager':
      return hostOf(settings.url);
    case 'desktop':
      return 'this desktop';
  }
}

/** A path or a query may be a secret. */
const hostOf = (url: string): string => new URL(url).origin;

/** What keeps a channel from telling anything, before it tries: secrets and files that are not there or that others can read. */
export function problemsOf(settings: ChannelSettings, env: NodeJS.ProcessEnv): readonly string[] {
  const attempts = [
    ...['password', 'token', 'secret'].map((name) => () => secretOf(settings, name, env)?.read()),
    ...['url', 'webhook_url'].map((name) => () => {
      const secret = secretOf(settings, name, env);
      if (secret) readUrl(secret, 'allow_http' in settings && settings.allow_http);
    }),
    () => readAuthorities('ca_file' in settings ? settings.ca_file : undefined),
  ];
  return attempts.flatMap((attempt) => {
    try {
      attempt();
      return [];
    } catch (error) {
      return [errorMessage(error)];
    }
  });
}
