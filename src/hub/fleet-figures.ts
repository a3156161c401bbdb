import type { Fleet } from '../fleet/fleet.ts';
import type { Log } from '../wal/log.ts';
import type { Ingest } from './ingest.ts';

/** What the hub does with what it took, in Prometheus' text format. */
export function fleetFigures(fleet: Fleet, ingest: Ingest, log: Log): string {
  const hosts = fleet.summaries();
  const silent = hosts.filter(({ state }) => state === 'silent').length;
  const behind = Math.max(0, (log.figures().lastId ?? 0) - ingest.applied);
  return [
    gauge('hub_hosts', 'Hosts that were heard.', hosts.length),
    gauge('hub_hosts_silent', 'Of them those that are silent.', silent),
    gauge('hub_records_behind', 'Records of the log that are not applied to the hosts yet.', behind),
    gauge('hub_events_unreadable', "Agents' events that say nothing that is known here.", ingest.unreadable),
  ].join('');
}

const gauge = (name: string, help: string, value: number): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
