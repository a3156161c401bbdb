import { readFileSync } from 'node:fs';
import type { Document, LineCounter } from 'yaml';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';

/** A configuration file as it was read. */
export interface YamlFile {
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The line of a setting, or of the closest section around it; from 1. */
  lineOf(keys: readonly string[]): number | undefined;
}

/** Undefined where there is none and none is `required`. Throws a UserError that names the file and, where it is not YAML, the line. */
export async function readYaml(path: string, required: boolean): Promise<YamlFile | undefined> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && !required) return undefined;
    throw new UserError(
      `${path}: the configuration cannot be read (${errorCode(error) ?? errorMessage(error)}); check the path and its permissions`,
    );
  }
  // Loaded only where there is a file: the daemon of most users never needs it.
  const { LineCounter, parseDocument } = await import('./yaml.ts');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const [first, ...more] = document.errors.map(({ pos, message }) => {
      const what = message.split('\n')[0]!.replace(/ at line.*$/, '');
      return `${path}:${lines.linePos(pos[0]).line}: not valid YAML: ${what}; mend that line`;
    });
    throw new UserError(first!, 2, more);
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(
      `${path}:1: the configuration must be sections with settings, such as 'learn:' and below it '  provisional_after: 10m'`,
    );
  }
  return {
    path,
    value: withoutEmpty(value) as Record<string, unknown>,
    lineOf: (keys) => lineOf(document, lines, keys),
  };
}

/** A section of which every setting is commented out is left out, not wrong; at the top it is there and empty, as its name may be wrong. */
function withoutEmpty(value: object, depth = 0): unknown {
  if (Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, below]): [string, unknown][] => {
      if (below === null) return depth === 0 ? [[name, {}]] : [];
      return [[name, typeof below === 'object' ? withoutEmpty(below, depth + 1) : below]];
    }),
  );
}

function lineOf(document: Document, lines: LineCounter, keys: readonly string[]): number | undefined {
  for (let length = keys.length; length > 0; length--) {
    const at = document.getIn(keys.slice(0, length - 1), true) as { items?: readonly Item[] } | undefined;
    const item = at?.items?.find(({ key }, index) => String(key?.value ?? index) === keys[length - 1]);
    const start = (item?.key ?? item)?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** Of a YAML mapping or list, as far as it is looked at here. */
interface Item {
  readonly key?: { readonly value?: unknown; readonly range?: readonly number[] };
  readonly range?: readonly number[];
}
