import { dirname } from 'node:path';
import * as v from 'valibot';
import { UserError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { type Environment, put, readEnvironment } from './environment.ts';
import { fileSettingOf, hideSecrets, isSecret, type Mistake, readSecretFiles } from './secrets.ts';
import { below, isMap, resolve, type Shape, unwrap } from './shape.ts';
import { readYaml } from './yaml-file.ts';

type AnySchema = v.GenericSchema<unknown, unknown>;

export interface ConfigSources {
  /** A YAML file; a missing one is an error only when `required`. */
  readonly file: string | undefined;
  readonly required: boolean;
  /** It wins over the file. */
  readonly environment?: Environment;
  /** What the command line says, by section; undefined values are left out. It wins over the environment. */
  readonly overrides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What holds, and where it comes from. */
export interface Configuration<T> {
  readonly settings: T;
  /** The file that was read; undefined where there was none. */
  readonly file: string | undefined;
  /** As it is written, over all sources, without the defaults. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Where a setting is written: `/etc/homeostat/homeostat.yaml:12`, a variable, `command line`; undefined where it is not. */
  origin(path: readonly string[]): string | undefined;
}

/**
 * defaults <- file <- environment <- command line, validated as a whole.
 * Throws a UserError that names all mistakes: file and line or variable, key, value and what is allowed, each a line.
 */
export async function loadConfig<S extends AnySchema>(
  schema: S,
  sources: ConfigSources,
): Promise<Configuration<v.InferOutput<S>>> {
  const shape = schema as unknown as Shape;
  const file = sources.file === undefined ? undefined : await readYaml(sources.file, sources.required);
  const origins = new Map<string, string>();
  const environment = sources.environment && readEnvironment(shape, sources.environment);
  let written: Readonly<Record<string, unknown>> = file?.value ?? {};
  for (const { path, value, variable } of environment?.given ?? []) {
    written = put(written, path, value);
    origins.set(path.join('.'), variable);
  }
  for (const [section, settings] of Object.entries(sources.overrides))
    for (const [key, value] of Object.entries(settings)) {
      if (value === undefined) continue;
      written = put(written, [section, key], value);
      origins.set(`${section}.${key}`, 'command line');
    }

  const secrets = readSecretFiles(written, shape, file ? dirname(file.path) : process.cwd());
  const origin = (path: readonly string[]): string | undefined => {
    for (let length = path.length; length > 0; length--) {
      const known = origins.get(path.slice(0, length).join('.'));
      if (known !== undefined) return known;
    }
    const line = file?.lineOf(path);
    return line === undefined ? undefined : `${file!.path}:${line}`;
  };
  const result = v.safeParse(schema, secrets.value, { abortPipeEarly: true });
  const unknown = unknownSettings(secrets.value, shape);
  const lineOf = ({ path }: Mistake): number =>
    origin(path)?.startsWith(`${file?.path}:`) ? file!.lineOf(path)! : Number.POSITIVE_INFINITY;
  const mistakes = [...secrets.mistakes, ...unknown, ...complaints(result, shape, unknown)].sort((a, b) =>
    lineOf(a) < lineOf(b) ? -1 : Number(lineOf(a) > lineOf(b)),
  );
  const lines = [
    ...mistakes.map(
      ({ path, problem }) => `${origin(path) ?? 'configuration'}: ${path.join('.')}: ${problem}`,
    ),
    ...(environment?.mistakes ?? []),
  ];
  if (lines.length > 0 || !result.success) throw new UserError(lines[0]!, 2, lines.slice(1));

  for (const { path, file: secretFile } of secrets.read) {
    const named = [...path.slice(0, -1), fileSettingOf(path.at(-1)!)];
    origins.set(path.join('.'), `${secretFile}, named by ${origin(named)}`);
  }
  return {
    settings: result.output,
    file: file?.path,
    written: secrets.value as Record<string, unknown>,
    origin: (path) => (isWritten(secrets.value, path) ? origin(path) : undefined),
  };
}

const isWritten = (value: unknown, path: readonly string[]): boolean =>
  path.length === 0 ||
  (isMap(value) && Object.hasOwn(value, path[0]!) && isWritten(value[path[0]!], path.slice(1)));

/** What the schema complains of, but for names that are `unknown` already: of a section it tells the first of them alone. */
function complaints(
  result: v.SafeParseResult<AnySchema>,
  shape: Shape,
  unknown: readonly Mistake[],
): Mistake[] {
  const known = new Set(unknown.map(({ path }) => path.join('.')));
  return (result.issues ?? []).flatMap((issue) => {
    const path = issue.path?.map((item) => String(item.key)) ?? [];
    if (issue.type === 'strict_object' && issue.expected === 'never')
      return known.has(path.join('.')) ? [] : [{ path, problem: 'is not a setting' }];
    if (issue.input === undefined)
      return [{ path, problem: 'is missing; write it, or leave out what it belongs to' }];
    return [{ path, problem: `${shown(issue, shape)} is not ${article(issue)}` }];
  });
}

/** What was given, as text. A secret is not repeated: errors end up in logs and bug reports. */
function shown(issue: v.BaseIssue<unknown>, shape: Shape): string {
  let at: Shape | undefined = shape;
  for (const { key, input } of issue.path ?? []) {
    at = at && below(at, input, key as string | number);
    if (isSecret(String(key), at)) return 'what was given';
  }
  return JSON.stringify(hideSecrets(issue.input, at)) ?? String(issue.input);
}

/** Own messages say what is allowed (`a span of time: ...`); the library's say what it expected. */
const article = (issue: v.BaseIssue<unknown>): string =>
  issue.message.startsWith('Invalid')
    ? `allowed; expected ${issue.expected === 'Object' ? 'settings below it' : (issue.expected ?? 'another value')}`
    : issue.message;

/** Names that are no settings, with those that are. */
function unknownSettings(value: unknown, shape: Shape, path: readonly string[] = []): Mistake[] {
  if (typeof value !== 'object' || value === null) return [];
  const at = resolve(shape, value);
  return Object.entries(value).flatMap(([key, one]) => {
    const next = below(shape, value, Array.isArray(value) ? Number(key) : key);
    if (next) return unknownSettings(one, next, [...path, key]);
    if (at.type !== 'strict_object') return [];
    const known = Object.keys(unwrap(at).entries ?? {});
    const meant = nearest(key, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    return [{ path: [...path, key], problem: `is not a setting; known here: ${known.join(', ')}${hint}` }];
  });
}
