import type { Fleet } from '../fleet/fleet.ts';
import type { EnrolmentServer } from '../identity/enrolment-server.ts';
import type { Log } from '../wal/log.ts';
import type { Ingest } from './ingest.ts';

/** What the hub does with what it took, in Prometheus' text format. */
export function fleetFigures(fleet: Fleet, ingest: Ingest, log: Log, enrolments: EnrolmentServer): string {
  const { enrolled, refused, heldBack, connectionsRefused } = enrolments.figures();
  const hosts = fleet.summaries();
  const silent = hosts.filter(({ state }) => state === 'silent').length;
  const { lastId = 0, fileBytes, dropped } = log.figures();
  const behind = Math.max(0, lastId - ingest.applied);
  const refuses = log.problem() === undefined ? 0 : 1;
  return [
    figure('counter', 'hub_enrolled_total', 'Hosts that enrolled since the start.', enrolled),
    figure('counter', 'hub_enrolments_refused_total', 'Requests to enrol that were refused.', refused),
    figure(
      'counter',
      'hub_enrolments_held_back_total',
      'Requests that were not looked at, of addresses with too many failed attempts.',
      heldBack,
    ),
    figure(
      'counter',
      'hub_enrolment_connections_refused_total',
      'Connections to enrol that were not taken, or ended without a call.',
      connectionsRefused,
    ),
    gauge('hub_hosts', 'Hosts that were heard.', hosts.length),
    gauge('hub_hosts_silent', 'Of them those that are silent.', silent),
    gauge('hub_records_behind', 'Records of the log that are not applied to the hosts yet.', behind),
    gauge(
      'hub_events_unreadable',
      "Agents' events that say nothing that is known here, or come from no host.",
      ingest.unreadable,
    ),
    figure(
      'counter',
      'hub_log_shared_keys_total',
      'Records whose key another client had used before; each is kept.',
      log.sharedKeys().count,
    ),
    gauge('hub_log_bytes', 'Bytes that the log takes.', fileBytes),
    gauge('hub_log_max_bytes', 'Its bound.', log.maxBytes),
    gauge('hub_log_waiting', 'Records that wait for the disk.', log.waiting()),
    gauge('hub_log_refusing', '1 while the log is full or cannot be written.', refuses),
    figure(
      'counter',
      'hub_log_dropped_total',
      'Records removed at the bound since the log was made.',
      dropped,
    ),
  ].join('');
}

const figure = (type: 'gauge' | 'counter', name: string, help: string, value: number): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;

const gauge = (name: string, help: string, value: number): string => figure('gauge', name, help, value);
