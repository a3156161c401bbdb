import { createHash } from 'node:crypto';
import { truncate } from '../../lib/text.ts';
import type { ReadSeries, Told } from '../notifier.ts';
import { byWeight, digestTitle, plainText, wordsOf } from '../words.ts';
import { digestHtml, htmlOf, PICTURE_ID } from './html.ts';
import { type Picture, pictureOf } from './picture.ts';

const MOST_SUBJECT = 150;
const MOST_LISTED = 30;

/** A message before it is made into MIME. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  /** Of the message that opened the thread. */
  readonly inReplyTo?: string;
  readonly picture?: Picture;
  readonly important: boolean;
}

/**
 * One notice in full. The first of an incident opens its thread, and its subject is `thread` from then on; what follows answers it under that
 * subject, as some mail programs tell a thread by both. `domain` is the sender's.
 */
export function letterOf(told: Told, domain: string, series: ReadSeries): Letter {
  const { notice, thread } = told;
  const words = wordsOf(told);
  const root = `<${idPart(notice.incident.id)}@${domain}>`;
  const own = `<${idPart(notice.incident.id)}.${notice.what}.${notice.at}@${domain}>`;
  const picture = pictureOf(told, series);
  const caption = picture ? `\n\n${picture.title}, ${picture.from} to ${picture.to}; ${picture.caption}` : '';
  return {
    subject: thread === undefined ? subjectOf(words.title) : `Re: ${thread}`,
    text: `${plainText(words)}${caption}\n`,
    html: htmlOf(told, picture),
    ...(thread === undefined && !told.test ? { messageId: root } : { messageId: own }),
    ...(thread !== undefined && { inReplyTo: root }),
    ...(picture && { picture }),
    important: notice.incident.severity === 'HIGH' && notice.what !== 'closed',
  };
}

/** Several, in one letter that belongs to no thread. */
export function digestLetter(notices: readonly Told[], domain: string): Letter {
  const sorted = [...notices].sort(byWeight);
  const lines = sorted.slice(0, MOST_LISTED).map((told) => `  - ${wordsOf(told).title}`);
  const more = sorted.length > MOST_LISTED ? [`  and ${sorted.length - MOST_LISTED} more`] : [];
  const hash = createHash('sha256');
  for (const { notice } of notices) hash.update(`${notice.incident.id} ${notice.what} ${notice.at}\n`);
  const link = sorted.find((told) => told.link !== undefined)?.link;
  return {
    subject: subjectOf(digestTitle(notices)),
    text: [digestTitle(notices), '', ...lines, ...more, ...(link ? ['', link] : []), ''].join('\n'),
    html: digestHtml(notices),
    messageId: `<${hash.digest('hex').slice(0, 32)}@${domain}>`,
    important: sorted[0]!.notice.incident.severity === 'HIGH' && sorted[0]!.notice.what !== 'closed',
  };
}

/** Line ends were made visible where the words were made, so that no text of others can become a header. */
export const subjectOf = (title: string): string => `[Homeostat] ${truncate(title, MOST_SUBJECT)}`;

/** Only what an id may have (RFC 5322, 3.6.4). */
const idPart = (id: string): string => `homeostat.${id.replaceAll(/[^\w-]/g, '-')}`;

/** What MailComposer is handed. */
export function composed(letter: Letter, from: string, to: readonly string[]) {
  const { subject, text, html, messageId, inReplyTo, picture, important } = letter;
  return {
    from,
    to: [...to],
    subject,
    text,
    html,
    messageId,
    ...(inReplyTo !== undefined && { inReplyTo, references: inReplyTo }),
    ...(picture && {
      attachments: [
        {
          filename: 'chart.png',
          content: picture.png,
          contentType: 'image/png',
          cid: PICTURE_ID,
          contentDisposition: 'inline' as const,
        },
      ],
    }),
    ...(important && { priority: 'high' as const }),
    // Programs on holiday do not answer what no person wrote (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
