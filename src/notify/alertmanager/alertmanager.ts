import { printable, truncate } from '../../lib/text.ts';
import type { Severity } from '../../model/anomaly.ts';
import { outcomeOf } from '../answer.ts';
import { postJson, readAuthorities } from '../http-channel.ts';
import type { ChannelContext, Notifier, Outcome, Told } from '../notifier.ts';
import { secretOf } from '../place-settings.ts';
import { wordsOf } from '../words.ts';
import type { AlertmanagerSettings } from './settings.ts';

/** An alert that is not told again ends by itself after so many intervals: Homeostat may have ended. */
const ENDS_AFTER = 4;
/** What people who use Prometheus call severities. */
const SEVERITIES: Readonly<Record<Severity, string>> = { LOW: 'info', MEDIUM: 'warning', HIGH: 'critical' };
const MOST_TEXT = 1000;

/** Posts alerts to `/api/v2/alerts` of an Alertmanager: one an incident, whose labels tell it from all others. */
export class AlertmanagerNotifier implements Notifier {
  readonly name: string;
  readonly #settings: AlertmanagerSettings;
  readonly #context: ChannelContext;

  constructor(name: string, settings: AlertmanagerSettings, context: ChannelContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async notify(notices: readonly Told[], signal: AbortSignal): Promise<Outcome> {
    const { now, version } = this.#context;
    const at = now();
    const endsAt = at + ENDS_AFTER * this.#settings.resend;
    const { authorization, secrets } = this.#authorization();
    const headers = { 'user-agent': `homeostat/${version}`, ...(authorization && { authorization }) };
    const url = `${this.#settings.url.replace(/\/+$/, '')}/api/v2/alerts`;
    const body = notices.flatMap((told) => alertsOf(told, at, endsAt));
    const ca = readAuthorities(this.#settings.ca_file);
    const outcome = await postJson({ url, headers, body, ca, signal, secrets }, (answer) =>
      outcomeOf(answer, at),
    );
    if (outcome.kind !== 'sent') return outcome;
    // The severity is a label: when it changes the alert is another one, and the old one must be ended.
    return {
      ...outcome,
      threads: new Map(notices.map(({ notice: { incident } }) => [incident.id, incident.severity])),
    };
  }

  #authorization(): { authorization?: string; secrets: readonly string[] } {
    const { env } = this.#context;
    const token = secretOf(this.#settings, 'token', env)?.read();
    if (token !== undefined) return { authorization: `Bearer ${token}`, secrets: [token] };
    const password = secretOf(this.#settings, 'password', env)?.read();
    if (password === undefined) return { secrets: [] };
    const basic = Buffer.from(`${this.#settings.user}:${password}`).toString('base64');
    return { authorization: `Basic ${basic}`, secrets: [password, basic] };
  }
}

function alertsOf(told: Told, now: number, endsAt: number): object[] {
  const { notice, thread } = told;
  const { incident } = notice;
  const alert = (severity: Severity, end: number): object => ({
    labels: labelsOf(told, severity),
    annotations: annotationsOf(told),
    startsAt: new Date(incident.since).toISOString(),
    endsAt: new Date(end).toISOString(),
    ...(told.link !== undefined && { generatorURL: told.link }),
  });
  const end = told.test ? now + 60_000 : incident.state === 'closed' ? (incident.closedAt ?? now) : endsAt;
  const before = thread as Severity | undefined;
  const replaced = before !== undefined && before !== incident.severity ? [alert(before, now)] : [];
  return [...replaced, alert(incident.severity, end)];
}

function labelsOf({ notice: { incident }, test }: Told, severity: Severity): Record<string, string> {
  const labels = {
    alertname: test ? 'HomeostatTest' : 'HomeostatIncident',
    instance: printable(incident.host),
    severity: SEVERITIES[severity],
    incident: printable(incident.id),
  };
  return labels;
}

/** An empty one would be refused. */
function annotationsOf(told: Told): Record<string, string> {
  const { sentence, evidence, culprits, advice } = wordsOf(told);
  const { kind, cause } = told.notice.incident;
  const all = {
    summary: sentence,
    description: evidence.join('\n'),
    culprits: culprits.join('\n'),
    advice: advice
      .map(({ what, command }) => (command === undefined ? what : `${what}: ${command}`))
      .join('\n'),
    kind,
    cause: printable(cause),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, text]) => (text === '' ? [] : [[name, truncate(text, MOST_TEXT)]])),
  );
}
