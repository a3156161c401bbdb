import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { UserError } from '../../lib/errors.ts';
import { duration, printable } from '../../lib/text.ts';
import { parseDuration } from '../../lib/units.ts';
import type { Feedback } from '../../model/feedback.ts';
import type { Incident } from '../../model/incident.ts';
import type { Advice, Recommendation } from '../../model/recommendation.ts';
import type { Status } from '../../model/status.ts';
import { findRunning } from '../client.ts';
import type { WithEvidence } from '../incidents/archives.ts';
import {
  addDataOption,
  addHostOption,
  addJsonOption,
  checkPeriod,
  countArgument,
  durationArgument,
  momentArgument,
} from '../options.ts';
import { table } from '../table.ts';
import { withHistory } from '../with-history.ts';
import { renderRecommendation } from './recommend.ts';

interface IncidentsOptions {
  readonly data: string;
  readonly host?: string;
  readonly json?: true;
  readonly open?: true;
  readonly since?: number;
  readonly limit: number;
}

export function addIncidents(program: Command): void {
  addHostOption(addJsonOption(addDataOption(program.command('incidents'))))
    .description('what belongs together by cause and time, as one thing to act on, newest first')
    .option('--open', 'only those that are open')
    .option(
      '--since <time>',
      'only those that lasted until then: an ISO time, or a span before now',
      momentArgument,
    )
    .option('--limit <n>', 'at most so many', countArgument, 50)
    .action(async ({ data, json, host, open, since, limit }: IncidentsOptions) => {
      const { listIncidents } = await import('../incidents/archives.ts');
      const incidents = await listIncidents(data, {
        ...{ limit, ...(open && { isOpen: open }) },
        ...(since !== undefined && { from: since }),
        ...(host !== undefined && { host }),
      });
      if (json) console.log(JSON.stringify(incidents, null, 2));
      else if (incidents.length === 0) console.log(open ? 'No incident is open.' : 'No incidents.');
      else console.log(renderIncidents(incidents));
    });
}

interface IncidentOptions {
  readonly data: string;
  readonly config?: string;
  readonly json?: true;
  readonly normal?: true;
  readonly confirm?: true;
  readonly ack?: true;
  readonly thisHour?: true;
  readonly expires: string;
  readonly yes?: true;
}

export function addIncident(program: Command): void {
  addJsonOption(addDataOption(program.command('incident')))
    .argument('<id>', 'as the list of incidents shows it, or how it begins')
    .description(
      'one incident: what happened, who was told and why not, what was measured, the busiest processes; or say something of it',
    )
    .option('--normal', 'others like it are not to be told: shows what that would have changed, then asks')
    .option('--this-hour', 'with --normal: only what begins in this hour of the week')
    .option('--expires <span>', 'with --normal: for how long', durationArgument, '90d')
    .option('--yes', 'with --normal: do not ask')
    .option('--confirm', 'it is real: it teaches nothing, however long it lasts')
    .option('--ack', 'somebody looks after it: no more reminders')
    .option('--config <file>', 'configuration file, for its time zone')
    .action(showOrSay);
}

async function showOrSay(id: string, options: IncidentOptions): Promise<void> {
  const { data, json, normal, confirm, ack } = options;
  const verdicts = [
    ...(normal ? (['normal'] as const) : []),
    ...(confirm ? (['confirmed'] as const) : []),
    ...(ack ? (['acknowledged'] as const) : []),
  ];
  const [verdict, another] = verdicts;
  if (another) throw new UserError('--normal, --confirm and --ack exclude each other; say one of them');
  if (verdict) return await say(id, verdict, options);
  const { readIncident } = await import('../incidents/archives.ts');
  const read = await readIncident(data, id);
  const recommendations = await recommendationsFor(data, read.incident);
  if (json) console.log(JSON.stringify({ ...jsonOf(read), recommendations }, null, 2));
  else {
    const { renderIncident } = await import('../incidents/render.ts');
    console.log(renderIncident(read, Date.now()));
    if (recommendations.length > 0)
      console.log(['\nWhat to do', ...recommendations.map(renderRecommendation)].join('\n'));
  }
}

/** What could be done about an incident that is open on this machine, where Homeostat runs. */
async function recommendationsFor(data: string, { id, state }: Incident): Promise<readonly Recommendation[]> {
  const client = state === 'open' ? findRunning(data) : undefined;
  const advice = await client?.get<Advice>('recommendations', { incident: id }).catch(() => undefined);
  return advice?.recommendations ?? [];
}

async function say(id: string, verdict: Feedback['verdict'], options: IncidentOptions): Promise<void> {
  const { data, config, json, thisHour, expires, yes } = options;
  const { intentOf, renderPreview } = await import('../incidents/feedback.ts');
  const { answerOf } = await import('../incidents/intent.ts');
  const at = Date.now();
  const wish = {
    ...{ verdict, at, ...(thisHour && { thisHour }) },
    ...(verdict === 'normal' && { expiresAt: at + parseDuration(expires)! }),
  };
  const intent = await intentOf(data, id, wish, config);
  const { feedback } = intent;
  if (verdict !== 'normal') {
    intent.say();
    if (json) console.log(JSON.stringify(feedback, null, 2));
    else console.log(`${verdict}: ${printable(feedback.cause)} (feedback ${feedback.id})`);
    return;
  }
  if (json) {
    if (yes) intent.say();
    console.log(JSON.stringify(answerOf(intent, yes === true), null, 2));
    return;
  }
  console.log(printableLines(renderPreview(intent)));
  if (!yes && !(await isSure())) return;
  intent.say();
  const until = new Date(feedback.expiresAt!).toLocaleDateString('sv');
  console.log(`Holds until ${until}; 'homeostat feedback undo ${feedback.id}' takes it back.`);
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Asks where somebody is there to answer. */
async function isSure(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    console.log('Nothing was changed: add --yes to apply it.');
    return false;
  }
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Apply it? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

interface WhyNotOptions {
  readonly data: string;
  readonly json?: true;
  readonly since: number;
}

export function addWhyNot(program: Command): void {
  addJsonOption(addDataOption(program.command('why-not')))
    .description('what was seen and why nobody was told of it: held back, grouped, or usual')
    .addOption(
      new Option('--since <time>', 'beginning: an ISO time, or a span before now')
        .argParser(momentArgument)
        .default(momentArgument('24h'), '24h ago'),
    )
    .action(async ({ data, json, since: from }: WhyNotOptions) => {
      const { listIncidents } = await import('../incidents/archives.ts');
      const { renderWhyNot, whyNot } = await import('../incidents/why-not.ts');
      const period = { from, to: Date.now() };
      checkPeriod(period);
      const incidents = await listIncidents(data, period);
      const status = await findRunning(data)?.get<Status>('status');
      const found = existsSync(join(data, 'history.db'))
        ? await withHistory(data, (history) => whyNot(incidents, history, status?.score, period))
        : whyNot(incidents, undefined, status?.score, period);
      console.log(json ? JSON.stringify(found, null, 2) : renderWhyNot(found));
    });
}

/** Typed arrays would become objects in JSON. */
const jsonOf = ({ incident, evidence: { frames, ...evidence } }: WithEvidence) => ({
  incident,
  evidence: {
    ...evidence,
    frames: frames.map(({ metric, at, value }) => ({
      ...{ metric, at: Array.from(at), value: Array.from(value) },
    })),
  },
});

function renderIncidents(incidents: readonly Incident[]): string {
  const hosts = new Set(incidents.map(({ host }) => host));
  return table(
    [
      { title: 'ID', value: ({ id }: Incident) => id.slice(0, 8) },
      { title: 'STATE', value: stateOf },
      { title: 'SEVERITY', value: ({ severity, provisional }) => `${severity}${provisional ? '?' : ''}` },
      { title: 'SINCE', value: ({ since }) => new Date(since).toLocaleString('sv') },
      {
        title: 'FOR',
        value: ({ since, closedAt }) => duration((closedAt ?? Date.now()) - since),
        align: 'right',
      },
      ...(hosts.size > 1 ? [{ title: 'HOST', value: ({ host }: Incident) => host }] : []),
      { title: 'CAUSE', value: ({ cause }) => cause, flexible: true },
      { title: 'SIGNALS', value: ({ signals }) => String(signals.length), align: 'right' },
    ],
    incidents,
  );
}

const stateOf = ({ state, flapping, returns }: Incident): string =>
  flapping ? `${state}, flapping` : returns > 0 ? `${state}, ${returns} back` : state;
