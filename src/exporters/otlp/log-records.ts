import { printable } from '../../lib/text.ts';
import type { Anomaly, BrokenMetric, Culprit, Severity } from '../../model/anomaly.ts';
import type { Breach } from '../../model/breach.ts';
import type { Incident } from '../../model/incident.ts';

/** What is told of a finding, in the terms of OpenTelemetry's log data model. */
export interface LogRecord {
  /** When it happened, and when Homeostat knew; ms since the epoch. */
  readonly at: number;
  readonly observedAt: number;
  readonly eventName: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | number | boolean | string[] | number[]>>;
}

/** WARN, ERROR and ERROR4 of OpenTelemetry's severity numbers: a machine that is unusual has not failed for good (FATAL). */
const NUMBERS: Readonly<Record<Severity, number>> = { LOW: 13, MEDIUM: 17, HIGH: 20 };
/** INFO: it is over. */
const CLOSED = 9;

/** An anomaly as it opened, changed or closed. */
export function anomalyRecord(anomaly: Anomaly, now: number): LogRecord {
  const { score, returnPeriodSeconds, raisedAt } = anomaly;
  return {
    ...recordOf(anomaly, now, raisedAt),
    eventName: 'homeostat.anomaly',
    attributes: {
      ...attributesOf(anomaly),
      'homeostat.score': score,
      'homeostat.return_period': returnPeriodSeconds,
    },
  };
}

/** A limit that is breached, or a forecast, as it opened, changed or closed. */
export function breachRecord(breach: Breach, now: number): LogRecord {
  const { limit, line, full, raisedAt } = breach;
  return {
    ...recordOf(breach, now, raisedAt),
    eventName: 'homeostat.breach',
    attributes: {
      ...attributesOf(breach),
      'homeostat.limit': limit,
      'homeostat.line': line,
      ...(full && { 'homeostat.full_at': new Date(full.at).toISOString() }),
    },
  };
}

/** An incident as it opened, changed or closed. */
export function incidentRecord(incident: Incident, now: number): LogRecord {
  const { cause, openedAt, returns, flapping, signals, expected } = incident;
  return {
    ...recordOf(incident, now, openedAt),
    eventName: 'homeostat.incident',
    attributes: {
      ...attributesOf(incident),
      'homeostat.cause': printable(cause),
      'homeostat.returns': returns,
      'homeostat.flapping': flapping,
      'homeostat.signals': signals.map(({ id }) => id),
      ...(expected !== undefined && { 'homeostat.expected': printable(expected) }),
    },
  };
}

type Finding = Pick<
  Anomaly,
  'id' | 'state' | 'kind' | 'severity' | 'provisional' | 'since' | 'closedAt' | 'sentence'
> & {
  readonly metrics: readonly BrokenMetric[];
  readonly culprits: readonly Culprit[];
};

function recordOf(
  { state, severity, sentence, closedAt }: Omit<Finding, 'kind'>,
  now: number,
  openedAt: number,
) {
  return {
    ...{ at: state === 'closed' ? (closedAt ?? now) : openedAt, observedAt: now },
    ...{ severityNumber: state === 'closed' ? CLOSED : NUMBERS[severity], severityText: severity },
    body: printable(sentence),
  };
}

function attributesOf({
  id,
  state,
  kind,
  severity,
  provisional,
  since,
  metrics,
  culprits,
}: Omit<Finding, 'kind'> & { readonly kind: string }) {
  return {
    'homeostat.id': id,
    'homeostat.state': state,
    'homeostat.kind': kind,
    'homeostat.severity': severity,
    'homeostat.provisional': provisional,
    'homeostat.since': new Date(since).toISOString(),
    'homeostat.metrics': metrics.map(({ metric }) => metric),
    ...(culprits.length > 0 && {
      'homeostat.culprit.names': culprits.map(({ name }) => printable(name)),
      'homeostat.culprit.pids': culprits.map(({ pid }) => pid),
      'homeostat.culprit.shares': culprits.map(({ share }) => share),
    }),
  };
}
