import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { Document, LineCounter } from 'yaml';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';

type AnySchema = v.GenericSchema<unknown, unknown>;

export interface ConfigSources {
  /** A YAML file; a missing one is an error only when `required`. */
  readonly file: string | undefined;
  readonly required: boolean;
  /** What the command line says, by section; undefined values are left out. It wins over the file. */
  readonly overrides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * defaults <- file <- command line, validated as a whole.
 * Throws a UserError that names file, line, key, value and what is allowed.
 */
export async function loadConfig<S extends AnySchema>(
  schema: S,
  sources: ConfigSources,
): Promise<v.InferOutput<S>> {
  const file = sources.file === undefined ? undefined : await readYaml(sources.file, sources.required);
  const merged = merge(file?.value ?? {}, sources.overrides);
  const result = v.safeParse(schema, merged, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const keys = issue.path?.map((item) => String(item.key)) ?? [];
  const line = file?.lineOf(keys);
  const where = file && line !== undefined ? `${sources.file}:${line}: ` : 'configuration: ';
  throw new UserError(`${where}${keys.join('.') || 'the file'}: ${explain(issue, schema)}`);
}

function explain(issue: v.BaseIssue<unknown>, schema: AnySchema): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownKeys(schema, issue.path?.slice(0, -1).map((item) => String(item.key)) ?? []);
    return `is not a setting; known here: ${known.join(', ')}`;
  }
  return `${shown(issue)} is not ${article(issue)}`;
}

const SECRET = /token|secret|password/i;

/** What was given, as text. A secret is not repeated: errors end up in logs and bug reports. */
const shown = (issue: v.BaseIssue<unknown>): string =>
  SECRET.test(String(issue.path?.at(-1)?.key))
    ? 'what was given'
    : (JSON.stringify(issue.input) ?? String(issue.input));

/** Own messages say what is allowed (`a span of time: ...`); the library's say what it expected. */
const article = (issue: v.BaseIssue<unknown>): string =>
  issue.message.startsWith('Invalid')
    ? `allowed; expected ${issue.expected === 'Object' ? 'settings below it' : (issue.expected ?? 'another value')}`
    : issue.message;

function knownKeys(schema: unknown, path: readonly string[]): string[] {
  let at = schema as { entries?: Record<string, unknown>; wrapped?: unknown };
  const unwrap = () => {
    while (at.wrapped) at = at.wrapped as typeof at;
  };
  unwrap();
  for (const key of path) {
    at = (at.entries?.[key] ?? {}) as typeof at;
    unwrap();
  }
  return Object.keys(at.entries ?? {});
}

interface YamlFile {
  readonly value: Record<string, unknown>;
  lineOf(keys: readonly string[]): number | undefined;
}

async function readYaml(path: string, required: boolean): Promise<YamlFile | undefined> {
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
  const broken = document.errors[0];
  if (broken) {
    const line = lines.linePos(broken.pos[0]).line;
    throw new UserError(
      `${path}:${line}: not valid YAML: ${broken.message.split('\n')[0]!.replace(/ at line.*$/, '')}; mend that line`,
    );
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(
      `${path}:1: the configuration must be sections with settings, such as 'learn:' and below it '  provisional_after: 10m'`,
    );
  }
  // A section of which every setting is commented out is empty, not wrong.
  const sections = Object.fromEntries(Object.entries(value).map(([name, section]) => [name, section ?? {}]));
  return { value: sections, lineOf: (keys) => lineOf(document, lines, keys) };
}

/** The line of the setting itself, or of the closest section around it. */
function lineOf(document: Document, lines: LineCounter, keys: readonly string[]): number | undefined {
  for (let length = keys.length; length > 0; length--) {
    const section = document.getIn(keys.slice(0, length - 1), true) as
      | { items?: readonly Item[] }
      | undefined;
    const start = section?.items?.find(({ key }) => String(key?.value) === keys[length - 1])?.key?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** Of a YAML mapping, as far as it is looked at here. */
interface Item {
  readonly key?: { readonly value?: unknown; readonly range?: readonly number[] };
}

function merge(
  file: Record<string, unknown>,
  overrides: ConfigSources['overrides'],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...file };
  for (const [section, settings] of Object.entries(overrides)) {
    const given = Object.entries(settings).filter(([, value]) => value !== undefined);
    if (given.length === 0) continue;
    const base = merged[section];
    merged[section] = {
      ...(typeof base === 'object' && base !== null ? base : {}),
      ...Object.fromEntries(given),
    };
  }
  return merged;
}
