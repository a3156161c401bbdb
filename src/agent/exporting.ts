import { readFileSync } from 'node:fs';
import { hostname, release, type } from 'node:os';
import { Current } from '../exporters/current.ts';
import { parseHeaders } from '../exporters/otlp/headers.ts';
import type { Otlp } from '../exporters/otlp/otlp.ts';
import { MachinePage } from '../exporters/prometheus/machine-page.ts';
import type { ExporterSettings } from '../exporters/settings.ts';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { systemTimers as timers } from '../lib/timers.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import type { Loss } from '../model/coverage.ts';
import type { Exposition } from '../model/exposition.ts';
import type { Incident } from '../model/incident.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import type { OtlpStatus, Status } from '../model/status.ts';

export interface ExportingOptions {
  readonly settings: ExporterSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly hostId: string;
  readonly status: () => Status;
  readonly openAnomalies: () => readonly Anomaly[];
  readonly openIncidents: () => readonly Incident[];
  readonly forecasts: () => readonly Forecast[];
  readonly processes: () => ProcessScan | undefined;
}

/** What others read of this machine, and what is sent to them. */
export interface Exporting {
  readonly exposition: Exposition;
  tick(tick: Tick): void;
  anomaly(anomaly: Anomaly): void;
  breach(breach: Breach): void;
  incident(incident: Incident): void;
  losses(): readonly Loss[];
  /** Undefined where nothing is sent. */
  otlp(): OtlpStatus | undefined;
  start(): void;
  stop(): Promise<void>;
  /** Ends the program soon. To be called when all else is over, where it may be. */
  end(): void;
}

const END_WITHIN_MS = 500;

/** Throws UserError where a file that the settings name cannot be read. */
export async function exporting(options: ExportingOptions): Promise<Exporting> {
  const { settings, status, openAnomalies, openIncidents, forecasts, processes } = options;
  const current = new Current({
    own: () => {
      const { user, system } = process.cpuUsage();
      return {
        status: status(),
        openAnomalies: openAnomalies().map(({ severity }) => severity),
        openIncidents: openIncidents(),
        forecasts: forecasts(),
        cpuSeconds: (user + system) / 1e6,
      };
    },
    processes,
    most: settings.prometheus.processes,
  });
  const otlp = await openOtlp(options, current);
  return {
    exposition: new MachinePage(() => current.families()),
    tick: (tick) => {
      current.tick(tick);
      otlp?.tick(tick);
    },
    anomaly: (anomaly) => otlp?.anomaly(anomaly),
    breach: (breach) => otlp?.breach(breach),
    incident: (incident) => otlp?.incident(incident),
    losses: () => otlp?.losses() ?? [],
    otlp: () => otlp?.status(),
    start: () => otlp?.start(),
    stop: async () => otlp?.stop(),
    // OpenTelemetry's exporters cannot be told to forget a repetition that they planned, which may be a minute away.
    end: () => otlp && setTimeout(() => process.exit(), END_WITHIN_MS).unref(),
  };
}

/** OpenTelemetry's exporters are read from disk only where they have somewhere to send to. */
async function openOtlp(
  { settings, clock, log, version, hostId }: ExportingOptions,
  current: Current,
): Promise<Otlp | undefined> {
  const {
    endpoint,
    interval,
    metrics,
    logs,
    headers,
    compression,
    timeout,
    ca_file,
    certificate_file,
    key_file,
  } = settings.otlp;
  if (endpoint === undefined) return undefined;
  const [ca, cert, key] = [pem(ca_file), pem(certificate_file), pem(key_file)];
  const { Client } = await import('../exporters/otlp/client.ts');
  const { Otlp } = await import('../exporters/otlp/otlp.ts');
  return new Otlp({
    ...{ clock, timers, random: Math.random, log, endpoint, intervalMs: interval, metrics, logs },
    own: () => current.ownFamilies(),
    client: (onRejected) =>
      new Client({
        ...{ endpoint, compression, timeoutMs: timeout, version, onRejected },
        headers: parseHeaders(headers ?? '')!,
        tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
        resource: resourceOf(hostId, version),
      }),
  });
}

/** By OpenTelemetry's semantic conventions of resources. */
function resourceOf(hostId: string, version: string): Record<string, string> {
  const os = type();
  return {
    'service.name': 'homeostat',
    'service.version': version,
    'host.name': hostname(),
    'host.id': hostId,
    'os.type': os === 'Windows_NT' ? 'windows' : os.toLowerCase(),
    'os.version': release(),
  };
}

function pem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `${path}, which exporters.otlp names, cannot be read (${errorCode(error) ?? errorMessage(error)}); check its path, owner and mode`,
    );
  }
}
