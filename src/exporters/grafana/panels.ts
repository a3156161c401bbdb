import { METRICS, type MetricName } from '../../model/names.ts';
import { describe } from '../family.ts';
import { metricName } from '../prometheus/name.ts';

/** A query of a panel and how its lines are called. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  readonly kind: 'stat' | 'timeseries';
  /** Grafana's name of it. */
  readonly unit?: string;
  readonly queries: readonly Query[];
  readonly stacked?: true;
  /** Upper end of the axis. */
  readonly most?: number;
  /** Words for values. */
  readonly words?: Readonly<Record<string, string>>;
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** Whose series: of a daemon there is no host, of a hub each has one; `.*` means both. */
const CHOSEN = 'instance=~"$instance",host=~"$host"';

/** The series of a name of the exposition, with more labels where they are given. */
const named = (name: string, labels = ''): string => `${name}{${CHOSEN}${labels && `,${labels}`}}`;

/** The series of one of Homeostat's metrics. */
const of = (name: MetricName, labels?: string): string =>
  named(metricName(describe(name, METRICS[name])), labels);

const query = (expr: string, legend: string): Query => ({ expr, legend });

const stat = (title: string, expr: string, more: Partial<PanelSpec> = {}): PanelSpec => ({
  ...{ title, kind: 'stat', queries: [query(expr, '{{instance}} {{host}}')] },
  ...more,
});

const lines = (
  title: string,
  unit: string,
  queries: readonly Query[],
  more: Partial<PanelSpec> = {},
): PanelSpec => ({
  ...{ title, kind: 'timeseries', unit, queries },
  ...more,
});

const SEVERITY_WORDS = { 0: 'usual', 1: 'LOW', 2: 'MEDIUM', 3: 'HIGH' };
/** Without a device it is the whole machine. */
const EACH_DISK = 'system_device!=""';
const ALL_DISKS = 'system_device=""';
const ALL_INTERFACES = 'network_interface_name=""';

/** What the dashboard shows, in its order. */
export const ROWS: readonly RowSpec[] = [
  {
    title: 'Findings',
    panels: [
      stat('Score', of('homeostat.score')),
      stat('Severity', named('homeostat_severity'), { words: SEVERITY_WORDS }),
      stat('Open anomalies', `sum(${named('homeostat_anomalies_open')})`),
      stat('Open incidents', `sum(${named('homeostat_incidents_open')})`),
      stat('Sees all it should', `min(${named('homeostat_coverage_healthy')})`, {
        words: { 0: 'no', 1: 'yes' },
      }),
      stat('Learned from', named('homeostat_learning_history_seconds'), { unit: 's' }),
      lines('Score and where severities begin', 'none', [
        query(of('homeostat.score'), 'score {{instance}} {{host}}'),
        query(named('homeostat_score_threshold'), '{{severity}}'),
      ]),
      lines('Open anomalies and incidents', 'none', [
        query(`sum by (severity) (${named('homeostat_anomalies_open')})`, 'anomalies {{severity}}'),
        query(`sum by (severity) (${named('homeostat_incidents_open')})`, 'incidents {{severity}}'),
        query(`sum by (kind) (${named('homeostat_breaches_open')})`, 'limits {{kind}}'),
      ]),
    ],
  },
  {
    title: 'CPU',
    panels: [
      lines(
        'CPU by mode',
        'percentunit',
        [query(of('system.cpu.utilization', 'cpu_mode!="",cpu_mode!="idle"'), '{{cpu_mode}}')],
        { stacked: true, most: 1 },
      ),
      lines('CPU use', 'percentunit', [
        query(of('system.cpu.utilization', 'cpu_mode=""'), 'all {{instance}} {{host}}'),
        query(of('system.cpu.busiest.utilization'), 'busiest core {{instance}} {{host}}'),
      ]),
      lines('Load', 'none', [
        query(of('system.linux.cpu.load_1m'), '1 min'),
        query(of('system.linux.cpu.load_5m'), '5 min'),
        query(of('system.linux.cpu.load_15m'), '15 min'),
        query(of('system.linux.run_queue'), 'run queue'),
      ]),
      lines('Waiting for a resource', 'percentunit', [
        query(of('system.linux.pressure.some'), 'some {{resource}}'),
        query(of('system.linux.pressure.full'), 'all {{resource}}'),
      ]),
      lines('Switches and interrupts a second', 'ops', [
        query(of('system.linux.context_switches'), 'context switches'),
        query(of('system.linux.interrupts'), 'interrupts'),
      ]),
      lines('Processes and threads', 'none', [
        query(of('system.process.count', 'process_state=""'), 'processes'),
        query(of('system.linux.thread.count'), 'threads'),
        query(of('system.linux.file_handles'), 'open files'),
      ]),
    ],
  },
  {
    title: 'Memory',
    panels: [
      lines('Memory by state', 'bytes', [query(of('system.memory.usage'), '{{system_memory_state}}')], {
        stacked: true,
      }),
      lines('Memory and swap in use', 'percentunit', [
        query(of('system.memory.utilization'), 'memory {{instance}} {{host}}'),
        query(of('system.paging.utilization'), 'swap {{instance}} {{host}}'),
      ]),
      lines('Pages swapped a second', 'ops', [
        query(of('system.paging.operations'), '{{system_paging_direction}}'),
      ]),
    ],
  },
  {
    title: 'Disks',
    panels: [
      lines('Read and written', 'Bps', [
        query(of('system.disk.io', EACH_DISK), '{{system_device}} {{disk_io_direction}}'),
      ]),
      lines('Busy', 'percentunit', [
        query(of('system.disk.io_time', ALL_DISKS), 'all {{instance}} {{host}}'),
        query(of('system.disk.io_time', EACH_DISK), '{{system_device}}'),
      ]),
      lines('Time of an operation', 's', [query(of('system.disk.await', EACH_DISK), '{{system_device}}')]),
      lines(
        'File systems',
        'percentunit',
        [
          query(
            of('system.filesystem.utilization', 'system_filesystem_mountpoint!=""'),
            '{{system_filesystem_mountpoint}}',
          ),
        ],
        { most: 1 },
      ),
    ],
  },
  {
    title: 'Network',
    panels: [
      lines('Received and sent', 'Bps', [
        query(of('system.network.io', ALL_INTERFACES), '{{network_io_direction}}'),
      ]),
      lines('Errors and drops a second', 'pps', [
        query(of('system.network.errors', ALL_INTERFACES), 'errors'),
        query(of('system.network.packet.dropped', ALL_INTERFACES), 'dropped'),
        query(of('system.network.tcp.retransmissions'), 'TCP sent again'),
      ]),
      lines('TCP sockets', 'none', [
        query(of('system.network.connection.count'), '{{network_connection_state}}'),
      ]),
    ],
  },
  {
    title: 'Homeostat itself',
    panels: [
      lines('Memory', 'bytes', [query(named('process_memory_usage_bytes'), '{{instance}}')]),
      lines('CPU, share of a core', 'percentunit', [
        query(`rate(${named('process_cpu_time_seconds_total')}[$__rate_interval])`, '{{instance}}'),
      ]),
      lines('History on disk', 'bytes', [
        query(named('homeostat_store_size_bytes'), '{{instance}}'),
        query(named('homeostat_store_limit_bytes'), 'limit'),
      ]),
      lines('Lost', 'none', [
        query(`sum by (what) (increase(${named('homeostat_losses_total')}[$__rate_interval]))`, '{{what}}'),
      ]),
      lines('Time of a collector', 's', [
        query(named('homeostat_collector_duration_seconds'), '{{collector}}'),
      ]),
      lines('Blind spots', 'none', [query(named('homeostat_collector_blind_spots'), '{{collector}}')]),
    ],
  },
  {
    title: 'Hosts of a hub',
    panels: [
      lines('Hosts by state', 'none', [
        query(`sum by (state) (${named('homeostat_host_state')})`, '{{state}}'),
      ]),
      lines('Open anomalies and incidents', 'none', [
        query(named('homeostat_host_anomalies_open'), 'anomalies {{host}}'),
        query(named('homeostat_host_incidents_open'), 'incidents {{host}}'),
      ]),
      lines('Events a second', 'ops', [
        query('rate(bus_events_total{instance=~"$instance"}[$__rate_interval])', '{{instance}}'),
      ]),
    ],
  },
];
