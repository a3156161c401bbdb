import type { Command } from 'commander';
import { duration } from '../../lib/text.ts';
import type { Incident } from '../../model/incident.ts';
import type { IncidentQuery } from '../../store/incident-file.ts';
import { hubFolder } from '../hub-folder.ts';
import { addDataOption, addHostOption, addJsonOption, countArgument, momentArgument } from '../options.ts';
import { table } from '../table.ts';

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

/** Of this machine, and of all hosts where a hub keeps its data here. */
async function listIncidents(data: string, query: IncidentQuery): Promise<readonly Incident[]> {
  const { openIncidents } = await import('../../store/incident-file.ts');
  const found = [data, hubFolder(data)].flatMap((folder) => {
    const kept = openIncidents(folder);
    try {
      return kept?.list(query) ?? [];
    } finally {
      kept?.close();
    }
  });
  return found.toSorted((one, other) => other.since - one.since).slice(0, query.limit);
}

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
