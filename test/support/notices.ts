import type { Incident, Notice } from '../../src/model/incident.ts';
import type { ChannelContext, Told } from '../../src/notify/notifier.ts';

export const SINCE = Date.UTC(2026, 10, 21, 14, 0, 0);

/** An incident of a machine whose CPU a process takes. */
function incident(over: Partial<Incident> = {}): Incident {
  return {
    ...{
      schema: 1,
      id: '3f2a9c81d0b7e645',
      host: 'web-1',
      state: 'open',
      severity: 'HIGH',
      provisional: false,
    },
    ...{
      kind: 'machine',
      cause: 'process /usr/bin/stress',
      returns: 0,
      flapping: false,
      signals: [],
      decisions: [],
    },
    sentence: 'CPU user time is at 97 % where 1-6 % is usual, since 14:00; stress takes it.',
    ...{ since: SINCE, openedAt: SINCE + 20_000, updatedAt: SINCE + 60_000 },
    metrics: [
      {
        ...{ metric: 'system.cpu.utilization{cpu.mode=user}', unit: '1', observed: 0.97 },
        ...{ expectedLow: 0.01, expectedHigh: 0.06, share: 0.8 },
      },
    ],
    culprits: [
      {
        ...{ id: 'p', pid: 4711, name: 'stress', executable: '/usr/bin/stress', commandLine: 'stress -c 4' },
        ...{ parent: { pid: 1, name: 'bash' }, containerId: undefined, share: 0.96 },
        evidence: 'CPU 0 % -> 398 % of a core',
      },
    ],
    ...over,
  };
}

export function notice(what: Notice['what'] = 'opened', over: Partial<Incident> = {}): Notice {
  const at = SINCE + 60_000;
  const closed = what === 'closed' ? { state: 'closed' as const, closedAt: SINCE + 720_000 } : {};
  return { what, at: what === 'closed' ? SINCE + 720_000 : at, incident: incident({ ...closed, ...over }) };
}

export const told = (one: Notice, over: Partial<Told> = {}): Told => ({
  ...{ notice: one, advice: [], link: 'http://127.0.0.1:4663', thread: undefined },
  ...over,
});

/** With a minute of history a minute before, and the jump when the incident begins. */
export function context(env: NodeJS.ProcessEnv = {}): ChannelContext {
  return {
    ...{ env, version: '1.2.3', now: () => SINCE + 60_000 },
    series: (_host, _metric, from, to) => {
      const points: [number, number][] = [];
      for (let at = from; at < to; at += 10_000)
        points.push([at, at < SINCE ? 0.03 + 0.02 * Math.sin(at / 90_000) : 0.97]);
      return points;
    },
  };
}

/** Text that others chose, with what could do harm in a header, in HTML, in Slack or on a terminal. */
export const HOSTILE =
  'x\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>&<!channel> \u001b[31m\u202e`$(reboot)`';
