import { hideSecrets } from './secrets.ts';
import { fallbackOf, isMap, notesOf, resolve, type Shape, unwrap } from './shape.ts';
import { stringify } from './yaml.ts';

/** A setting as it holds. */
export interface Row {
  readonly path: readonly string[];
  /** As it is written; undefined where it is left out and has no default. Secrets are hidden. */
  readonly value: unknown;
  /** Where it is written; undefined where the default stands for it. */
  readonly origin: string | undefined;
}

/** Every setting of a schema with what holds, in its order. `written`: what all sources say together. */
export function rowsOf(
  shape: Shape,
  written: unknown,
  origin: (path: readonly string[]) => string | undefined,
  path: readonly string[] = [],
): Row[] {
  const { entries, type, value: each } = resolve(shape, written);
  const leftOut = written === undefined && fallbackOf(shape) === undefined && path.length > 0;
  if (entries && !leftOut)
    return Object.entries(entries).flatMap(([name, entry]) =>
      rowsOf(entry, isMap(written) ? written[name] : undefined, origin, [...path, name]),
    );
  if (type === 'record' && isMap(written) && Object.keys(written).length > 0)
    return Object.entries(written).flatMap(([name, one]) => rowsOf(each!, one, origin, [...path, name]));
  const value = hideSecrets(written ?? fallbackOf(shape), shape, path.at(-1));
  return [{ path, value, origin: origin(path) }];
}

/** Rows as YAML, with where each comes from beside it. */
export function renderRows(rows: readonly Row[]): string {
  const lines: { text: string; note: string | undefined }[] = [];
  let open: readonly string[] = [];
  for (const { path, value, origin } of rows) {
    const sections = path.slice(0, -1);
    let same = 0;
    while (same < sections.length && sections[same] === open[same]) same++;
    for (let depth = same; depth < sections.length; depth++)
      lines.push({ text: `${indent(depth)}${inline(sections[depth])}:`, note: undefined });
    open = sections;
    const text = `${indent(sections.length)}${value === undefined ? '#' : ''}${inline(path.at(-1))}:`;
    if (value === undefined) lines.push({ text, note: 'left out' });
    else lines.push({ text: `${text} ${inline(value)}`, note: origin ?? 'default' });
  }
  const width = Math.min(48, Math.max(0, ...lines.flatMap(({ text, note }) => (note ? [text.length] : []))));
  return lines.map(({ text, note }) => (note ? `${text.padEnd(width)}  # ${note}` : text)).join('\n');
}

/** A file with every setting, its default and what it is, all of them commented out: what is left so follows the defaults of later versions. */
export function renderReference(shape: Shape, heading: readonly string[]): string {
  const sections = Object.entries(unwrap(shape).entries ?? {});
  const parts = sections.map(([name, entry]) => renderEntry(name, entry, 0).join('\n'));
  return `${heading.map((line) => `# ${line}`.trimEnd()).join('\n')}\n\n${parts.join('\n\n')}\n`;
}

function renderEntry(name: string, shape: Shape, depth: number): string[] {
  const { about } = notesOf(shape);
  const inner = unwrap(shape);
  const prose = [about, choicesOf(inner)].filter((text) => text !== undefined).join(' ');
  const comment = wrapped(prose, LINE - indent(depth).length - 2).map((line) => `${indent(depth)}# ${line}`);
  if (!inner.entries)
    return [
      ...comment,
      `${indent(depth)}#${name}: ${inline(fallbackOf(shape) ?? notesOf(shape).example)}`.trimEnd(),
    ];
  const below = Object.entries(inner.entries).flatMap(([key, entry]) => renderEntry(key, entry, depth + 1));
  return [...comment, `${indent(depth)}${name}:`, ...below];
}

/** Characters of a line. */
const LINE = 110;

/** What a list of choices allows; other schemas say it in their own words. */
function choicesOf({ type, options, item }: Shape): string | undefined {
  if (type === 'picklist') return `One of ${options!.join(', ')}.`;
  return item?.type === 'picklist' ? `Of ${item.options!.join(', ')}.` : undefined;
}

const indent = (depth: number): string => '  '.repeat(depth);

/** A value on one line. */
const inline = (value: unknown): string =>
  value === undefined ? '' : stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
