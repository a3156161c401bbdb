import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { deliveryPath, seriesOf } from '../agent/notifications.ts';
import type { Settings } from '../agent/settings.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { errorMessage, UserError } from '../lib/errors.ts';
import { duration } from '../lib/text.ts';
import type { BrokenMetric } from '../model/anomaly.ts';
import type { History } from '../model/history.ts';
import type { Notice } from '../model/incident.ts';
import { series } from '../model/metric.ts';
import { makeNotifier, placeOf, problemsOf } from '../notify/channels.ts';
import { type DeliveryEntry, DeliveryFile } from '../notify/delivery-file.ts';
import type { Notifier, Outcome } from '../notify/notifier.ts';
import type { RouteSettings } from '../notify/settings.ts';
import { findRunning } from './client.ts';
import type { NotifyLogOptions, NotifyOptions } from './commands/notify.ts';
import { openDataFolder } from './data-folder.ts';
import { hubFolder } from './hub-folder.ts';
import { readSettings } from './settings.ts';
import { table } from './table.ts';
import { version } from './version.ts';
import { withHistory } from './with-history.ts';

const HOUR_MS = 3_600_000;
/** Shown in a test where there is a history: everybody knows it, and every system has it. */
const MEMORY = series('system.memory.utilization', { 'system.memory.state': 'used' });

/** `homeostat notify list`. */
export async function list(options: NotifyOptions): Promise<void> {
  const { notify } = await readSettings(options);
  const channels = Object.entries(notify.channels ?? {}).map(([name, settings]) => ({
    ...{ name, type: settings.type, to: placeOf(settings) },
    problems: problemsOf(settings, process.env),
  }));
  if (options.json) {
    console.log(JSON.stringify({ channels, match: notify.match, routes: notify.routes ?? [] }, null, 2));
    return;
  }
  if (channels.length === 0) {
    console.log('Nobody is told: the configuration has no notify.channels; see docs/notifications.md');
    return;
  }
  const width = Math.max(...channels.map(({ name }) => name.length));
  for (const { name, type, to, problems } of channels) {
    console.log(`${name.padEnd(width)}  ${type.padEnd(12)}  ${to}`);
    for (const problem of problems) console.log(`${' '.repeat(width)}  cannot be told: ${problem}`);
  }
  console.log(
    notify.routes ? `\nRoutes (${notify.match} that fit):` : '\nNo routes: every channel is told everything.',
  );
  for (const route of notify.routes ?? []) console.log(`  ${routeText(route)}`);
}

function routeText({ to, severity, host, kind, off, repeat }: RouteSettings): string {
  const terms = [
    ...(severity ? [`${severity} or graver`] : []),
    ...(host ? [`on ${host.join(', ')}`] : []),
    ...(kind ? [`of ${kind.join(', ')}`] : []),
    ...(repeat === undefined ? [] : [`reminded every ${duration(repeat)} at most`]),
  ];
  return `${terms.join(', ') || 'everything'} -> ${to.join(', ')}${off ? ' (off)' : ''}`;
}

/** `homeostat notify test CHANNEL`: throws a UserError where the message was not taken. */
export async function test(name: string, options: NotifyOptions): Promise<void> {
  const settings = await readSettings(options);
  const channel = settings.notify.channels?.[name];
  if (!channel) {
    const known = Object.keys(settings.notify.channels ?? {});
    throw new UserError(
      `'${name}' is not a channel of the configuration; ${known.length === 0 ? 'there are none, see docs/notifications.md' : `there are ${known.join(', ')}`}`,
    );
  }
  const started = clock.monotonic();
  const { outcome, notice } = await tryHistory(options.data, async (history) => {
    const context = {
      env: process.env,
      version: version(),
      now: () => clock.now(),
      series: seriesOf(() => history),
    };
    const notice = testNotice(history);
    const notifier = await makeNotifier(name, channel, context);
    return { notice, outcome: await tell(notifier, notice, linkOf(settings, options.data), channel.timeout) };
  });
  const durationMs = Math.round(clock.monotonic() - started);
  note(options.data, entryOf(name, notice, outcome, durationMs));
  if (outcome.kind !== 'sent') throw new UserError(`${name} was not told: ${outcome.why}`, 1);
  const facts = {
    channel: name,
    to: placeOf(channel),
    durationMs,
    ...(outcome.note && { note: outcome.note }),
  };
  if (options.json) console.log(JSON.stringify(facts, null, 2));
  else
    console.log(
      `${name} was told in ${durationMs} ms (${facts.to})${outcome.note ? `; ${outcome.note}` : ''}`,
    );
}

/** With the history where there is one; a test needs none. */
async function tryHistory<T>(data: string, use: (history: History | undefined) => Promise<T>): Promise<T> {
  if (!existsSync(`${data}/history.db`)) return await use(undefined);
  return await withHistory(data, use);
}

async function tell(
  notifier: Notifier,
  notice: Notice,
  link: string | undefined,
  timeoutMs: number,
): Promise<Outcome> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await notifier.notify([{ notice, link, advice: [], thread: undefined, test: true }], signal);
  } catch (error) {
    const why = signal.aborted ? `no answer within ${duration(timeoutMs)}` : errorMessage(error);
    return { kind: 'failed', why };
  }
}

const linkOf = ({ notify }: Settings, data: string): string | undefined =>
  notify.link ?? (findRunning(data) ?? findRunning(hubFolder(data)))?.run.address;

/** What is real of this machine, said to be a test. */
function testNotice(history: History | undefined): Notice {
  const at = clock.now();
  const host = hostname();
  const memory = history && memoryNow(history, at);
  return {
    ...{ what: 'opened', at },
    incident: {
      ...{
        schema: 1,
        id: `test-${at}`,
        host,
        state: 'open',
        severity: 'LOW',
        provisional: false,
        kind: 'machine',
      },
      cause: 'a test',
      sentence: `Homeostat can reach you here; 'homeostat notify test' asked for this message.`,
      ...{ since: at, openedAt: at, updatedAt: at, returns: 0, flapping: false, signals: [], decisions: [] },
      ...{ metrics: memory ? [memory] : [], culprits: [] },
    },
  };
}

/** The memory in use, against that of the last hour. */
function memoryNow(history: History, at: number): BrokenMetric | undefined {
  const [frame] = history.query({ metrics: [MEMORY.key], from: at - HOUR_MS, to: at, maxPoints: 600 }).frames;
  const values = [...(frame?.mean ?? [])].filter(Number.isFinite);
  const observed = values.at(-1);
  if (observed === undefined) return undefined;
  const range = { expectedLow: Math.min(...values), expectedHigh: Math.max(...values) };
  return { metric: MEMORY.key, unit: frame!.unit, observed, ...range, share: 1 };
}

function entryOf(
  channel: string,
  { at, incident }: Notice,
  outcome: Outcome,
  durationMs: number,
): DeliveryEntry {
  const { id, host, severity, sentence } = incident;
  const why = outcome.kind === 'sent' ? outcome.note : outcome.why;
  return {
    ...{ at, channel, incident: id, what: 'test', host, severity, sentence, tries: 1, durationMs },
    outcome: outcome.kind === 'sent' ? 'sent' : 'failed',
    ...(why !== undefined && { why }),
  };
}

function note(data: string, entry: DeliveryEntry): void {
  openDataFolder(data);
  const file = new DeliveryFile(deliveryPath(data));
  file.save({ log: [entry] });
  file.close();
}

/** `homeostat notify log`: of this machine, and of the hub that keeps its data here. */
export function log({ data, json, channel, limit }: NotifyLogOptions): void {
  const files = [data, hubFolder(data)].map(deliveryPath).filter((path) => existsSync(path));
  const entries = files
    .flatMap((path) => read(path, limit, channel))
    .toSorted((one, other) => other.at - one.at)
    .slice(0, limit);
  if (json) console.log(JSON.stringify(entries, null, 2));
  else if (entries.length === 0) console.log('Nobody was told anything yet.');
  else
    console.log(
      table(
        [
          { title: 'TIME', value: ({ at }: DeliveryEntry) => new Date(at).toLocaleString('sv') },
          { title: 'CHANNEL', value: ({ channel: name }) => name },
          {
            title: 'OUTCOME',
            value: ({ outcome, tries }) => (tries > 1 ? `${outcome} (${tries})` : outcome),
          },
          { title: 'WHAT', value: ({ what, severity }) => `${what} ${severity}` },
          { title: 'INCIDENT', value: ({ incident }) => incident.slice(0, 8) },
          {
            title: 'ABOUT',
            value: ({ why, host, sentence }) => why ?? `${host}: ${sentence}`,
            flexible: true,
          },
        ],
        entries,
      ),
    );
}

function read(path: string, limit: number, channel: string | undefined): DeliveryEntry[] {
  const file = new DeliveryFile(path);
  try {
    return file.entries(limit, channel);
  } finally {
    file.close();
  }
}
