import { countedAlarms } from '../../src/model/alarm-rate.ts';
import type { Coverage } from '../../src/model/coverage.ts';
import type { LearningState } from '../../src/model/learning.ts';
import type { ScoreNow, Status } from '../../src/model/status.ts';
import { SHAPES } from './fixture-machine.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function fixtureStatus(
  mood: 'calibrated' | 'learning' | 'empty',
  startedAt: number,
  at: number,
  score: ScoreNow | undefined,
): Status {
  return {
    version: '0.1.0',
    host: {
      name: 'shop-eu-1',
      id: '4c1d0e7b',
      os: 'Debian GNU/Linux 13',
      kernel: '6.12.48-amd64',
      cpus: 4,
      memory: 8 * 2 ** 30,
    },
    startedAt,
    at,
    dataFolder: '/var/lib/homeostat',
    intervals: { metricsMs: 1000, processesMs: 5000, reason: 'on mains power' },
    learning: learning(mood, startedAt, at),
    score,
    lastSampleAt: mood === 'empty' ? undefined : at,
    openAnomalies: mood === 'calibrated' ? 1 : 0,
    openIncidents: mood === 'calibrated' ? 1 : 0,
    limits: { open: [] },
    alarms: {
      wishedPerWeek: 7,
      model: undefined,
      sinceModel: countedAlarms(0, 0),
      lately: countedAlarms(0, 0),
    },
    coverage: coverage(mood, at),
    store: { bytes: 48_300_000, capBytes: 2 ** 30, series: SHAPES.length + 1, oldestAt: startedAt },
    self: { pid: 744, rss: 56_400_000, cpu: 0.006 },
  };
}

function learning(mood: string, startedAt: number, at: number): LearningState {
  if (mood !== 'calibrated') {
    return {
      phase: 'collecting',
      since: mood === 'empty' ? undefined : startedAt,
      seenMs: mood === 'empty' ? 0 : at - startedAt,
      neededMs: 10 * MINUTE,
      nextPhase: 'provisional',
      training: undefined,
      model: undefined,
      shadow: undefined,
      drift: undefined,
      problem: undefined,
    };
  }
  return {
    phase: 'calibrated',
    since: startedAt,
    seenMs: at - startedAt,
    neededMs: undefined,
    nextPhase: undefined,
    training: undefined,
    model: {
      id: 'm-20260301-0412',
      phase: 'calibrated',
      trainedAt: at - 4 * 60 * MINUTE,
      trainedFrom: at - 3 * DAY,
      trainedTo: at - 4 * 60 * MINUTE,
      rows: 86_400,
      features: 44,
      detectors: ['forest', 'autoencoder', 'baseline'],
    },
    shadow: undefined,
    drift: {
      windowMs: 6 * 60 * MINUTE,
      seenMs: 6 * 60 * MINUTE,
      checkedAt: at - 12 * MINUTE,
      metrics: 44,
      drifted: [{ metric: 'system.linux.file_handles', index: 0.61, limit: 0.34 }],
      due: false,
    },
    problem: undefined,
  };
}

function coverage(mood: string, at: number): Coverage {
  const ok = (collector: string, durationMs: number, metrics: number) => ({
    collector,
    at,
    durationMs,
    outcome: 'ok' as const,
    metrics,
    blind: [],
    runs: 8640,
    failures: 0,
  });
  if (mood !== 'calibrated') return { healthy: true, collectors: [ok('cpu', 0.2, 9)], losses: [] };
  return {
    healthy: false,
    collectors: [
      ok('cpu', 0.21, 9),
      ok('memory', 0.13, 12),
      ok('disk', 0.19, 18),
      ok('network', 0.34, 20),
      {
        ...ok('process', 6.4, 4),
        blind: [
          {
            what: 'read and write bytes of 96 processes',
            why: 'EACCES: they belong to other users',
            remedy: 'run as root, or give the service CAP_SYS_PTRACE',
          },
        ],
      },
      {
        ...ok('filesystem', 5000, 0),
        outcome: 'late',
        error: '/mnt/nas has not answered for 5 s',
        failures: 12,
      },
    ],
    losses: [{ what: 'ticks missed', why: 'the machine was asleep', count: 420, lastAt: at - 25 * MINUTE }],
  };
}
