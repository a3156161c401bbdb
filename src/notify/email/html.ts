import { escapeMarkup } from '../../lib/text.ts';
import type { Told } from '../notifier.ts';
import { byWeight, digestTitle, type Words, wordsOf } from '../words.ts';
import type { Picture } from './picture.ts';

/** Where the picture is in the message. */
export const PICTURE_ID = 'chart@homeostat';

const MOST_LISTED = 30;

const COLOURS: Readonly<Record<string, string>> = {
  HIGH: '#b42318',
  MEDIUM: '#b54708',
  LOW: '#175cd3',
  closed: '#067647',
};

const escapeHtml = (text: string): string =>
  escapeMarkup(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;');

/** Mail programs know tables and styles within the elements, and little else. */
export function htmlOf(told: Told, picture: Picture | undefined): string {
  const words = wordsOf(told);
  const { state, sentence, host, about, link } = words;
  const { what, incident } = told.notice;
  const colour = COLOURS[what === 'closed' ? 'closed' : incident.severity]!;
  return page(
    colour,
    `<p style="margin:0 0 4px;font-size:13px;font-weight:bold;color:${colour}">${escapeHtml(`${state} on ${host}`)}</p>
<p style="margin:0 0 8px;font-size:18px;line-height:1.35;font-weight:bold">${escapeHtml(sentence)}</p>
<p style="margin:0 0 16px;font-size:13px;color:#57606a">${escapeHtml(about)}</p>
${picture ? pictureHtml(picture) : ''}${lists(words)}${link === undefined ? '' : linkHtml(link)}`,
  );
}

export function digestHtml(notices: readonly Told[]): string {
  const sorted = [...notices].sort(byWeight);
  const lines = sorted.slice(0, MOST_LISTED).map((told) => escapeHtml(wordsOf(told).title));
  if (sorted.length > MOST_LISTED) lines.push(`and ${sorted.length - MOST_LISTED} more`);
  const link = sorted.find((told) => told.link !== undefined)?.link;
  return page(
    COLOURS[sorted[0]!.notice.incident.severity]!,
    `<p style="margin:0 0 12px;font-size:18px;font-weight:bold">${escapeHtml(digestTitle(notices))}</p>
${listHtml('', lines)}${link === undefined ? '' : linkHtml(link)}`,
  );
}

const page = (
  colour: string,
  content: string,
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:16px;background:#f3f4f6">
<table role="presentation" cellpadding="0" cellspacing="0" width="100%" style="max-width:640px;margin:0 auto;background:#ffffff;border-top:4px solid ${colour}"><tr>
<td style="padding:20px 24px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;color:#1f2328;overflow-wrap:anywhere">
${content}
</td></tr></table></body></html>`;

function pictureHtml({ title, top, bottom, from, to, caption }: Picture): string {
  const cell = (align: string, vertical: string, text: string): string =>
    `<td style="padding:0 6px;font-size:11px;color:#57606a;white-space:nowrap;text-align:${align};vertical-align:${vertical}">${escapeHtml(text)}</td>`;
  const alternative = escapeHtml(`${title}, ${from} to ${to}, ${bottom} to ${top}; ${caption}`);
  return `<p style="margin:0 0 4px;font-size:13px;font-weight:bold">${escapeHtml(title)}</p>
<table role="presentation" cellpadding="0" cellspacing="0" width="100%" style="margin:0 0 16px">
<tr>${cell('right', 'top', top)}<td rowspan="2" width="100%" colspan="2"><img src="cid:${PICTURE_ID}" alt="${alternative}" width="520" style="display:block;width:100%;height:auto"></td></tr>
<tr>${cell('right', 'bottom', bottom)}</tr>
<tr><td></td>${cell('left', 'top', from)}${cell('right', 'top', to)}</tr>
<tr><td></td><td colspan="2" style="padding:0 6px;font-size:11px;color:#57606a">${escapeHtml(caption)}</td></tr>
</table>
`;
}

function lists({ culprits, evidence, advice }: Words): string {
  const steps = advice.map(({ what, command }) =>
    command === undefined
      ? escapeHtml(what)
      : `${escapeHtml(what)}<br><code style="font-size:13px;background:#f3f4f6">${escapeHtml(command)}</code>`,
  );
  return (
    listHtml('Who did it', culprits.map(escapeHtml)) +
    listHtml('What was seen', evidence.map(escapeHtml)) +
    listHtml('What to do', steps)
  );
}

/** Of lines that are HTML. */
function listHtml(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const heading =
    title === '' ? '' : `<p style="margin:0 0 4px;font-size:13px;font-weight:bold">${title}</p>\n`;
  const items = lines.map((line) => `<li style="margin:0 0 4px">${line}</li>`).join('\n');
  return `${heading}<ul style="margin:0 0 16px;padding-left:20px">\n${items}\n</ul>\n`;
}

const linkHtml = (link: string): string =>
  `<p style="margin:0"><a href="${escapeHtml(link)}" style="color:#0550ae">Open the dashboard</a></p>\n`;
