import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { errorMessage } from '../../lib/errors.ts';
import type { Attributes } from '../../model/metric.ts';
import type { LogRecord } from './log-records.ts';
import type { Report } from './otlp.ts';
import type { Sent } from './sender.ts';

/** Where it is sent, and how. */
export interface ClientOptions {
  /** `https://collector.example:4318`; `/v1/metrics` and `/v1/logs` are below it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** Of one send, with all its tries, ms. */
  readonly timeoutMs: number;
  /** PEM; left out: the authorities that the runtime trusts, and no certificate of our own. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** What tells. */
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  /** The other end took a message but not all of it. */
  readonly onRejected: (what: string) => void;
}

type Exporter<T> = {
  export(items: T, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
};
type MetricData = Parameters<OTLPMetricExporter['export']>[0];
type LogData = Parameters<OTLPLogExporter['export']>[0];

/** HTTP statuses by which an endpoint says that it will never take this message. */
const REFUSED = new Set([400, 413, 422]);
/** As OpenTelemetry's enum of that name. */
const DOUBLE = 1;

/** OpenTelemetry's own exporters. This module is loaded only where something is to be sent: it costs tens of megabytes. */
export class Client {
  readonly #metrics: OTLPMetricExporter;
  readonly #logs: OTLPLogExporter;
  readonly #resource: ReturnType<typeof resourceFromAttributes>;
  readonly #scope: { readonly name: string; readonly version: string };
  readonly #agents: { destroy(): void }[] = [];

  constructor(options: ClientOptions) {
    const { endpoint, headers, compression, timeoutMs, tls, resource, version, onRejected } = options;
    const base = endpoint.replace(/\/+$/, '');
    const common = {
      headers: { ...headers },
      // The enum's members are their own names.
      compression: compression as NonNullable<
        ConstructorParameters<typeof OTLPMetricExporter>[0]
      >['compression'] & {},
      timeoutMillis: timeoutMs,
      concurrencyLimit: 2,
      userAgent: `homeostat/${version}`,
      httpAgentOptions: (protocol: string) => this.#agent(protocol, tls),
    };
    this.#metrics = new OTLPMetricExporter({ ...common, url: `${base}/v1/metrics` });
    this.#logs = new OTLPLogExporter({ ...common, url: `${base}/v1/logs` });
    this.#resource = resourceFromAttributes({ ...resource });
    this.#scope = { name: 'homeostat', version };
    // The exporters tell of what was taken in part only here.
    const nothing = (): void => {};
    const warn = (message: string, ...more: unknown[]): void => {
      if (/partial success/i.test([message, ...more].join(' ')))
        onRejected(more.map(String).at(-1) ?? message);
    };
    const logger = { error: nothing, warn, info: nothing, debug: nothing, verbose: nothing };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }

  sendReports(reports: readonly Report[]): Promise<Sent> {
    const metrics = reports.flatMap((report) => report.families.map((family) => dataOf(report, family)));
    const scopeMetrics = [{ scope: this.#scope, metrics }];
    return sent<MetricData>(this.#metrics, { resource: this.#resource, scopeMetrics });
  }

  sendRecords(records: readonly LogRecord[]): Promise<Sent> {
    const more = { resource: this.#resource, instrumentationScope: this.#scope, droppedAttributesCount: 0 };
    const readable = records.map(({ at, observedAt, ...record }) => ({
      ...{ ...record, ...more },
      ...{ hrTime: timeOf(at), hrTimeObserved: timeOf(observedAt) },
    }));
    return sent<LogData>(this.#logs, readable);
  }

  /** Ends all connections: what is under way fails. */
  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  async #agent(protocol: string, tls: ClientOptions['tls']) {
    const { Agent } = protocol === 'https:' ? await import('node:https') : await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...(protocol === 'https:' && tls) });
    this.#agents.push(agent);
    return agent;
  }
}

function sent<T>(exporter: Exporter<T>, items: T): Promise<Sent> {
  return new Promise((resolve) => {
    exporter.export(items, ({ code, error }) => {
      if (code === 0) resolve({ ok: true });
      else resolve({ ok: false, why: reasonOf(error), refused: REFUSED.has(statusOf(error) ?? 0) });
    });
  });
}

const statusOf = (error: Error | undefined): number | undefined =>
  error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;

function reasonOf(error: Error | undefined): string {
  const status = statusOf(error);
  if (status !== undefined) return `it answers HTTP ${status} ${error!.message}`.trim();
  if (!error || /retryable status/.test(error.message)) return 'it is busy (HTTP 429, 502, 503 or 504)';
  return errorMessage(error);
}

function dataOf(
  { from, at, startedAt }: Report,
  { name, kind, unit, description, points }: Report['families'][number],
) {
  const isCounter = kind === 'counter';
  const [startTime, endTime] = [timeOf(isCounter ? startedAt : from), timeOf(at)];
  const of = {
    descriptor: { name, description, unit: unit === '' ? '1' : unit, valueType: DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: points.map(({ attributes, value }) => ({
      attributes: { ...(attributes as Attributes) },
      value,
      startTime,
      endTime,
    })),
  };
  return isCounter
    ? { ...of, dataPointType: DataPointType.SUM as const, isMonotonic: true }
    : { ...of, dataPointType: DataPointType.GAUGE as const };
}

/** ms since the epoch as seconds and nanoseconds. */
const timeOf = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};
