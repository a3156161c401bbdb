import { printable } from '../../lib/text.ts';
import type { History } from '../../model/history.ts';
import type { Decision, Incident } from '../../model/incident.ts';
import type { ScoreNow } from '../../model/status.ts';

/** A moment at which the machine was the most unusual that it was for an hour around, and still as it usually is. */
export interface Peak {
  /** ms since the epoch. */
  readonly at: number;
  readonly score: number;
}

/** What was seen in a period, and why nobody was told. */
export interface WhyNot {
  readonly from: number;
  readonly to: number;
  readonly signals: number;
  readonly incidents: number;
  /** Of them those of which somebody was told. */
  readonly told: number;
  /** Reasons, and for how many incidents each was the last one. */
  readonly held: readonly { readonly why: string; readonly incidents: readonly string[] }[];
  /** Minutes in which the machine was scored, and those in which it reached half of the line that holds now. */
  readonly scored: { readonly minutes: number; readonly high: number };
  /** The highest scores below the line, highest first. */
  readonly peaks: readonly Peak[];
  /** The score that would be an anomaly now; undefined where Homeostat does not run or there is no model. */
  readonly line: number | undefined;
}

const SCORE = 'homeostat.score';
const APART_MS = 3_600_000;
const PEAKS = 5;
/** Of ninety days. */
const MOST_MINUTES = 129_600;

interface Period {
  readonly from: number;
  readonly to: number;
}

/** `score`: of the running daemon. */
export function whyNot(
  incidents: readonly Incident[],
  history: Pick<History, 'query'> | undefined,
  score: ScoreNow | undefined,
  { from, to }: Period,
): WhyNot {
  const silent = incidents.filter(({ decisions }) => !decisions.some(({ told }) => told));
  const reasons = new Map<string, string[]>();
  for (const { id, decisions } of silent) {
    const why = lastReason(decisions);
    reasons.set(why, [...(reasons.get(why) ?? []), id]);
  }
  const line = score?.thresholds && Math.min(...Object.values(score.thresholds));
  const scored = history ? scoresOf(history, { from, to }) : [];
  return {
    ...{ from, to },
    signals: incidents.reduce((sum, { signals }) => sum + signals.length, 0),
    incidents: incidents.length,
    told: incidents.length - silent.length,
    held: [...reasons].map(([why, ids]) => ({ why, incidents: ids })),
    scored: {
      minutes: scored.length,
      high: scored.filter((one) => one.score >= (line ?? Infinity) / 2).length,
    },
    peaks: peaksOf(scored, incidents, to),
    line,
  };
}

const lastReason = (decisions: readonly Decision[]): string =>
  decisions.at(-1)?.why ?? 'it was over when it was first heard of';

/** The highest score of each minute. */
function scoresOf({ query }: Pick<History, 'query'>, period: Period): readonly Peak[] {
  const [frame] = query({ metrics: [SCORE], ...period, resolution: 60, maxPoints: MOST_MINUTES }).frames;
  return frame ? Array.from(frame.at, (at, index) => ({ at, score: frame.max[index]! })) : [];
}

/** The highest outside of incidents, an hour apart. */
function peaksOf(scored: readonly Peak[], incidents: readonly Incident[], to: number): readonly Peak[] {
  const points = scored
    .filter(({ at }) => !incidents.some(({ since, closedAt = to }) => at >= since - 60_000 && at <= closedAt))
    .sort((one, other) => other.score - one.score);
  const peaks: Peak[] = [];
  for (const point of points) {
    if (peaks.length === PEAKS) break;
    if (peaks.every(({ at }) => Math.abs(at - point.at) >= APART_MS)) peaks.push(point);
  }
  return peaks;
}

export function renderWhyNot({ from, signals, incidents, told, held, scored, peaks, line }: WhyNot): string {
  const when = (at: number): string => new Date(at).toLocaleString('sv');
  const grouped = signals - incidents;
  return [
    `Since ${when(from)}`,
    `Seen           ${count(signals, 'signal')}${grouped > 0 ? `, ${grouped} of them joined another one` : ''}: ${count(incidents, 'incident')}`,
    `Told           ${count(told, 'incident')}`,
    ...held.map(
      ({ why, incidents: ids }, index) =>
        `${index === 0 ? 'Not told' : '        '}       ${ids.length}: ${printable(why)} (${ids
          .slice(0, 5)
          .map((id) => id.slice(0, 8))
          .join(', ')}${ids.length > 5 ? ' and more' : ''})`,
    ),
    ...(peaks.length === 0
      ? ['Below the line no scores are stored']
      : peaks.map(
          ({ at, score }, index) =>
            `${index === 0 ? 'Below the line' : '              '} ${score.toFixed(1)} at ${when(at)}`,
        )),
    ...(scored.minutes === 0 ? [] : [`Scored         ${scoredText(scored, line)}`]),
    ...(line === undefined
      ? []
      : [`The line       ${line.toFixed(1)} would be an anomaly now; what lies below is as usual`]),
  ].join('\n');
}

const scoredText = ({ minutes, high }: WhyNot['scored'], line: number | undefined): string =>
  `${count(minutes, 'minute')}${line === undefined ? '' : `, ${high} of them above half of the line`}`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
