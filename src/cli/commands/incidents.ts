import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { duration } from '../../lib/text.ts';
import type { Incident } from '../../model/incident.ts';
import type { Status } from '../../model/status.ts';
import { findRunning } from '../client.ts';
import type { WithEvidence } from '../incidents/archives.ts';
import {
  addDataOption,
  addHostOption,
  addJsonOption,
  checkPeriod,
  countArgument,
  momentArgument,
} from '../options.ts';
import { table } from '../table.ts';
import { withHistory } from '../with-history.ts';

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
  readonly json?: true;
}

export function addIncident(program: Command): void {
  addJsonOption(addDataOption(program.command('incident')))
    .argument('<id>', 'as the list of incidents shows it, or how it begins')
    .description(
      'one incident: what happened, who was told and why not, what was measured, the busiest processes',
    )
    .action(async (id: string, { data, json }: IncidentOptions) => {
      const { readIncident } = await import('../incidents/archives.ts');
      const read = await readIncident(data, id);
      if (json) console.log(JSON.stringify(jsonOf(read), null, 2));
      else {
        const { renderIncident } = await import('../incidents/render.ts');
        console.log(renderIncident(read, Date.now()));
      }
    });
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
