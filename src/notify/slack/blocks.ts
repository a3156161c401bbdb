import { escapeMarkup, truncate } from '../../lib/text.ts';
import type { Told } from '../notifier.ts';
import { byWeight, digestTitle, type Words, wordsOf } from '../words.ts';

/** Slack's bounds: characters of a header and of a section, and how many are listed of what is told together. */
const MOST_HEADER = 150;
const MOST_SECTION = 2900;
const MOST_LISTED = 30;

export interface SlackMessage {
  /** For notifications, and where blocks cannot be shown. */
  readonly text: string;
  readonly blocks: readonly object[];
}

const header = (text: string): object => ({
  type: 'header',
  text: { type: 'plain_text', text: truncate(text, MOST_HEADER), emoji: false },
});

/** `text` is escaped already. */
const markdown = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

const section = (text: string): object => ({ type: 'section', text: markdown(text) });

/** One notice in full. */
export function messageOf(told: Told): SlackMessage {
  const words = wordsOf(told);
  const { title, state, sentence, host, about, link } = words;
  return {
    text: escapeMarkup(truncate(`${state}: ${title}`, MOST_SECTION)),
    blocks: [
      header(`${state} on ${host}`),
      section(`*${bounded(sentence, MOST_SECTION - 2)}*`),
      ...lists(words),
      { type: 'context', elements: [markdown(bounded(about, MOST_SECTION))] },
      ...(link === undefined ? [] : [section(`<${escapeMarkup(link)}|Open the dashboard>`)]),
    ],
  };
}

function lists({ culprits, evidence, advice }: Words): object[] {
  const list = (title: string, lines: readonly string[]): object[] =>
    lines.length === 0 ? [] : [section(withinBounds([`*${title}*`, ...lines]))];
  const steps = advice.map(({ what, command }) =>
    // Within code nothing else can stand for a backtick: a command that was changed might do something else.
    command === undefined || command.includes('`')
      ? `• ${escapeMarkup(what)}`
      : `• ${escapeMarkup(what)}\n\`${escapeMarkup(command)}\``,
  );
  return [
    ...list(
      'Who did it',
      culprits.map((line) => `• ${escapeMarkup(line)}`),
    ),
    ...list(
      'What was seen',
      evidence.map((line) => `• ${escapeMarkup(line)}`),
    ),
    ...list('What to do', steps),
  ];
}

/** Several, gravest first. */
export function digestOf(notices: readonly Told[]): SlackMessage {
  const title = digestTitle(notices);
  const sorted = [...notices].sort(byWeight);
  const lines = sorted.slice(0, MOST_LISTED).map((told) => `• ${bounded(wordsOf(told).title, 200)}`);
  const more = sorted.length > MOST_LISTED ? [`and ${sorted.length - MOST_LISTED} more`] : [];
  const link = sorted.find((told) => told.link !== undefined)?.link;
  return {
    text: escapeMarkup(title),
    blocks: [
      header(title),
      section(withinBounds([...lines, ...more])),
      ...(link === undefined ? [] : [section(`<${escapeMarkup(link)}|Open the dashboard>`)]),
    ],
  };
}

/** Escaped (`verbatim` sees to links and mentions), and cut before that, so that no escape is cut in two. An escape takes at most five characters. */
function bounded(text: string, most: number): string {
  const whole = escapeMarkup(text);
  return whole.length <= most ? whole : escapeMarkup(truncate(text, Math.floor(most / 5)));
}

/** As many of the lines as have room. */
function withinBounds(lines: readonly string[]): string {
  let size = 0;
  const fitting = lines.filter((line) => {
    size += line.length + 1;
    return size <= MOST_SECTION;
  });
  return fitting.join('\n');
}
