import type { Severity } from '../model/anomaly.ts';
import type { Breach, Forecast } from '../model/breach.ts';
import { type Coverage, LOSSES } from '../model/coverage.ts';
import type { Incident, SignalKind } from '../model/incident.ts';
import type { LearningPhase } from '../model/learning.ts';
import type { Attributes } from '../model/metric.ts';
import type { ExportFigures, OtlpStatus, Status } from '../model/status.ts';
import type { Family, Point } from './family.ts';

/** What Homeostat tells of itself at one moment. */
export interface OwnState {
  readonly status: Status;
  /** Severity of each anomaly that is open. */
  readonly openAnomalies: readonly Severity[];
  readonly openIncidents: readonly Pick<Incident, 'severity' | 'kind'>[];
  /** Of all that can run full. */
  readonly forecasts: readonly Forecast[];
  /** CPU time of this program since its start, s. */
  readonly cpuSeconds: number;
}

interface OwnMetric extends Omit<Family, 'points'> {
  readonly points: (state: OwnState) => readonly Point[];
}

const SEVERITIES: readonly Severity[] = ['LOW', 'MEDIUM', 'HIGH'];
/** Of one machine: only a hub sees silence and peers. */
const KINDS: readonly SignalKind[] = ['machine', 'process', 'threshold', 'forecast'];
const BREACHES: readonly Breach['kind'][] = ['threshold', 'forecast'];
const PHASES: readonly LearningPhase[] = ['collecting', 'provisional', 'calibrated'];

const point = (value: number | undefined, attributes: Attributes = {}): Point[] =>
  value === undefined || !Number.isFinite(value) ? [] : [{ attributes, value }];

const bySeverity = (open: readonly Severity[], more: Attributes = {}): Point[] =>
  SEVERITIES.flatMap((severity) =>
    point(open.filter((one) => one === severity).length, { severity, ...more }),
  );

const bySignal = (otlp: OtlpStatus | undefined, figure: (figures: ExportFigures) => number): Point[] =>
  otlp ? (['metrics', 'findings'] as const).flatMap((signal) => point(figure(otlp[signal]), { signal })) : [];

const flag = (value: boolean): number => (value ? 1 : 0);

const gauge = (name: string, unit: string, description: string, points: OwnMetric['points']): OwnMetric => ({
  name,
  kind: 'gauge',
  unit,
  description,
  points,
});

const counter = (
  name: string,
  unit: string,
  description: string,
  points: OwnMetric['points'],
): OwnMetric => ({ name, kind: 'counter', unit, description, points });

/** All that can be told of Homeostat itself; what is not known at a moment has no point. */
const OWN_METRICS: readonly OwnMetric[] = [
  gauge('homeostat.build.info', '', 'Always 1; which version runs.', ({ status }) =>
    point(1, { version: status.version, 'host.name': status.host.name }),
  ),
  gauge('homeostat.sample.timestamp', 's', 'When the machine was looked at last, since the epoch.', (state) =>
    point(state.status.lastSampleAt === undefined ? undefined : state.status.lastSampleAt / 1000),
  ),
  gauge(
    'homeostat.severity',
    '',
    'How rare the score is now: 0 usual, 1 LOW, 2 MEDIUM, 3 HIGH.',
    ({ status: { score } }) => point(score && (score.severity ? SEVERITIES.indexOf(score.severity) + 1 : 0)),
  ),
  gauge(
    'homeostat.score.threshold',
    '{digit}',
    'The score from which a severity begins now.',
    ({ status: { score } }) =>
      SEVERITIES.flatMap((severity) => point(score?.thresholds?.[severity], { severity })),
  ),
  gauge('homeostat.detector.score', '{digit}', "Each detector's own share of the score.", ({ status }) =>
    Object.entries(status.score?.detectors ?? {}).flatMap(([detector, value]) => point(value, { detector })),
  ),
  gauge('homeostat.learning.phase', '', '1 for the phase of learning that it is in.', ({ status }) =>
    PHASES.flatMap((phase) => point(flag(status.learning.phase === phase), { phase })),
  ),
  gauge('homeostat.learning.history', 's', 'Usable history that was seen.', ({ status }) =>
    point(status.learning.seenMs / 1000),
  ),
  gauge('homeostat.anomalies.open', '{anomaly}', 'Anomalies that are open.', ({ openAnomalies }) =>
    bySeverity(openAnomalies),
  ),
  gauge('homeostat.incidents.open', '{incident}', 'Incidents that are open.', ({ openIncidents }) =>
    KINDS.flatMap((kind) =>
      bySeverity(
        openIncidents.flatMap((one) => (one.kind === kind ? [one.severity] : [])),
        { kind },
      ),
    ),
  ),
  gauge(
    'homeostat.breaches.open',
    '{breach}',
    'Limits that are breached, and forecasts that are open.',
    ({ status }) =>
      BREACHES.flatMap((kind) =>
        bySeverity(
          status.limits.open.flatMap((one) => (one.kind === kind ? [one.severity] : [])),
          { kind },
        ),
      ),
  ),
  gauge(
    'homeostat.forecast.full.timestamp',
    's',
    'When something is full if it goes on like this, since the epoch: most likely, and the ends of the interval.',
    ({ forecasts }) =>
      forecasts.flatMap(({ metric, limit, full }) =>
        full
          ? (['at', 'earliest', 'latest'] as const).flatMap((when) =>
              point(full[when] / 1000, { limit, metric, when: when === 'at' ? 'likely' : when }),
            )
          : [],
      ),
  ),
  gauge('homeostat.coverage.healthy', '', '1 while it sees all that it should.', ({ status }) =>
    point(flag(status.coverage.healthy)),
  ),
  counter('homeostat.losses', '', 'What was lost since the start, by what it was.', ({ status }) =>
    lossesByWhat(status.coverage),
  ),
  gauge('homeostat.collector.ok', '', '1 while the collector answers in time.', ({ status }) =>
    status.coverage.collectors.flatMap(({ collector, outcome }) =>
      point(flag(outcome === 'ok'), { collector }),
    ),
  ),
  gauge('homeostat.collector.duration', 's', 'Wall time of its last run.', ({ status }) =>
    status.coverage.collectors.flatMap(({ collector, durationMs }) =>
      point(durationMs / 1000, { collector }),
    ),
  ),
  counter('homeostat.collector.failures', '', 'Runs that failed since the start.', ({ status }) =>
    status.coverage.collectors.flatMap(({ collector, failures }) => point(failures, { collector })),
  ),
  gauge('homeostat.collector.blind_spots', '', 'What it cannot see now.', ({ status }) =>
    status.coverage.collectors.flatMap(({ collector, blind }) => point(blind.length, { collector })),
  ),
  counter('homeostat.otlp.sent', '', 'Messages that the OTLP endpoint took since the start.', ({ status }) =>
    bySignal(status.otlp, ({ sent }) => sent),
  ),
  gauge('homeostat.otlp.waiting', '', 'Messages that wait for it.', ({ status }) =>
    bySignal(status.otlp, ({ waiting }) => waiting),
  ),
  gauge('homeostat.store.size', 'By', 'What the history takes on disk.', ({ status }) =>
    point(status.store.bytes),
  ),
  gauge('homeostat.store.limit', 'By', 'What it may take.', ({ status }) => point(status.store.capBytes)),
  gauge('homeostat.store.series', '', 'Series in the history.', ({ status }) => point(status.store.series)),
  gauge('process.memory.usage', 'By', "Homeostat's own resident memory.", ({ status }) =>
    point(status.self.rss),
  ),
  counter('process.cpu.time', 's', "Homeostat's own CPU time since its start.", ({ cpuSeconds }) =>
    point(cpuSeconds),
  ),
  gauge('process.uptime', 's', 'Since Homeostat was started.', ({ status }) =>
    point((status.at - status.startedAt) / 1000),
  ),
];

export function ownFamilies(state: OwnState): Family[] {
  return OWN_METRICS.flatMap(({ points: pointsOf, ...described }) => {
    const points = pointsOf(state);
    return points.length > 0 ? [{ ...described, points }] : [];
  });
}

/** Why it was lost may hold anything, and there may be many reasons: it is no attribute. What was never lost is 0: its first loss is an increase. */
function lossesByWhat({ losses }: Coverage): Point[] {
  const counts = new Map<string, number>(LOSSES.map((what) => [what, 0]));
  for (const { what, count } of losses) counts.set(what, (counts.get(what) ?? 0) + count);
  return [...counts].map(([what, value]) => ({ attributes: { what }, value }));
}
