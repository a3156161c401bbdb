import { duration } from '../lib/text.ts';
import { formatValue } from '../model/display.ts';
import type { PublishStatus } from '../model/publish.ts';

/** How publishing does, for a person: name and text of each line. */
export function publishLines(publish: PublishStatus, now: number): readonly (readonly [string, string])[] {
  const { waiting, sent, lastAcknowledgedAt, rejected, lastRejection, outboxProblem } = publish;
  const last =
    lastAcknowledgedAt === undefined
      ? 'nothing acknowledged yet'
      : `last acknowledged ${duration(now - lastAcknowledgedAt)} ago`;
  const lines: [string, string][] = [
    ['Publishing', describeLink(publish, now)],
    [
      'Published',
      `${sent.events} events, ${formatValue(sent.bytes, 'By')} sent since the start; ${last}; certificate valid for ${duration(publish.certificateEndsAt - now)}`,
    ],
    [
      'Waiting',
      `${waiting.events} events, ${formatValue(waiting.bytes, 'By')}; the outbox takes ${formatValue(waiting.maxBytes, 'By')} at most`,
    ],
  ];
  const dropped = Object.entries(publish.dropped).map(([name, count]) => `${count} ${name}`);
  if (dropped.length > 0) lines.push(['Dropped', `${dropped.join(', ')}: the outbox was full`]);
  if (rejected > 0) lines.push(['Rejected', `${rejected} events by the hub: ${lastRejection}`]);
  if (publish.certificateProblem !== undefined) lines.push(['Identity', publish.certificateProblem]);
  if (outboxProblem !== undefined) lines.push(['Not kept', outboxProblem]);
  return lines;
}

function describeLink(
  { hub, name, state, since, problem, nextTryAt, breaker }: PublishStatus,
  now: number,
): string {
  const next = nextTryAt === undefined ? '' : `; next try in ${duration(nextTryAt - now)}`;
  const open = breaker === 'closed' ? '' : ` (breaker ${breaker})`;
  const whom = `to ${hub} as ${name}`;
  if (state === 'connected') {
    const held = problem === undefined ? '' : `; ${problem}${next}${open}`;
    return `${whom}, connected for ${duration(now - since)}${held}`;
  }
  return `${whom}, NOT connected for ${duration(now - since)}: ${problem ?? state}${next}${open}`;
}
