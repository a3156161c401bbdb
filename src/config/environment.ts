import { nearest } from '../lib/nearest.ts';
import { fileSettingOf } from './secrets.ts';
import { below, isMap, type Shape, settingsOf, unwrap } from './shape.ts';

/** Variables are `HOMEOSTAT_SECTION__KEY`, each name of the path in capitals, two underscores between. */
const variableOf = (path: readonly string[]): string => `${PREFIX}${path.join('__').toUpperCase()}`;

const PREFIX = 'HOMEOSTAT_';

export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Other names of settings, kept from before there was a rule: the variable, and the path with dots. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Variables of that prefix that are no settings. */
  readonly others: readonly string[];
}

/** A setting that the environment gives. */
export interface Given {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly variable: string;
}

/**
 * What the environment sets. Text becomes what the schema wants: a number, true or false, `a,b` for a list, JSON for what is more. A
 * variable that looks like a setting and is none is a mistake, as it would be in the file; an empty one is none at all.
 */
export function readEnvironment(
  schema: Shape,
  { variables, aliases, others }: Environment,
): { readonly given: readonly Given[]; readonly mistakes: readonly string[] } {
  const given: Given[] = [];
  const mistakes: string[] = [];
  for (const [variable, raw] of Object.entries(variables)) {
    const text = raw?.trim();
    if (!variable.startsWith(PREFIX) || !text || others.includes(variable)) continue;
    const path = aliases[variable]?.split('.') ?? pathOf(schema, variable.slice(PREFIX.length));
    const shape = path && shapeAt(schema, path);
    if (shape) given.push({ path, value: parsed(text, shape), variable });
    else {
      const problem = mistaken(variable, schema, [...Object.keys(aliases), ...others]);
      if (problem !== undefined) mistakes.push(problem);
    }
  }
  // The rule wins over a name from before it.
  return { given: given.sort((a, b) => rank(aliases, a) - rank(aliases, b)), mistakes };
}

const rank = (aliases: Environment['aliases'], { variable }: Given): number =>
  Object.hasOwn(aliases, variable) ? 0 : 1;

/** `SERVE__PORT` -> serve, port; undefined where there is no such setting. */
function pathOf(schema: Shape, name: string): string[] | undefined {
  const path: string[] = [];
  let shape: Shape | undefined = schema;
  for (const part of name.split('__')) {
    const { entries } = unwrap(shape);
    const key = part.toLowerCase();
    if (!entries) return undefined;
    shape = entries[key] ?? entries[key.replace(/_file$/, '')];
    if (!shape) return undefined;
    path.push(key);
  }
  return path.length > 1 ? path : undefined;
}

/** Of a setting, or of one that names the file of a secret. */
function shapeAt(schema: Shape, path: readonly string[]): Shape | undefined {
  let shape: Shape | undefined = schema;
  for (const key of path) shape = shape && (below(shape, undefined, key) ?? FILE_NAME);
  return shape;
}

const FILE_NAME: Shape = { type: 'string' };

function parsed(text: string, shape: Shape): unknown {
  const { type, item } = unwrap(shape);
  if (/^[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // Then it is text, which the schema takes or refuses.
    }
  }
  if (type === 'array')
    return text
      .replace(/^\[(.*)\]$/, '$1')
      .split(',')
      .map((part) => parsed(part.trim(), item!));
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  // A union may take numbers and texts; a picklist too.
  if (type !== 'string' && text !== '' && !Number.isNaN(Number(text))) return Number(text);
  return text;
}

/** Kubernetes and Docker links set such ones for a service that is called homeostat. */
const OF_OTHERS = /^(SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_\d.*)$/;

/** Why a variable is a mistake; undefined where it is none of ours. */
function mistaken(variable: string, schema: Shape, known: readonly string[]): string | undefined {
  const sections = Object.keys(unwrap(schema).entries ?? {});
  const name = variable.slice(PREFIX.length);
  if (OF_OTHERS.test(name)) return undefined;
  const section = sections.find((one) => `${name.toLowerCase()}_`.startsWith(`${one}_`));
  const names = [...settingsOf(schema).map(({ path }) => variableOf(path)), ...known].map(withoutPrefix);
  const meant = nearest(name, names);
  if (!name.includes('__') && section === undefined && meant === undefined) return undefined;
  const here = names.filter((one) => section && one.startsWith(`${section.toUpperCase()}__`));
  const choice = here.length > 0 ? here : sections.map((one) => `${one.toUpperCase()}__...`);
  const hint = meant === undefined ? '' : `; did you mean ${PREFIX}${meant}?`;
  return `${variable}: is not a setting; known with ${PREFIX} before them: ${choice.join(', ')}${hint}`;
}

const withoutPrefix = (variable: string): string => variable.slice(PREFIX.length);

/** Puts a value where its path says, into a copy of what is there. A secret and the file of one stand for each other: the later wins. */
export function put(
  into: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [key, ...rest] = path;
  const there = into[key!];
  if (rest.length > 0) return { ...into, [key!]: put(isMap(there) ? there : {}, rest, value) };
  const { [fileSettingOf(key!)]: _file, [key!.replace(/_file$/, '')]: _secret, ...kept } = into;
  return { ...kept, [key!]: value };
}
