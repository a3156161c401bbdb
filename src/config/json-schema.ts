import { fileSettingOf, isSecret } from './secrets.ts';
import { fallbackOf, isOptional, notesOf, type Shape, type Step, stepsOf, unwrap } from './shape.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The schema as JSON Schema (draft 2020-12), for editors and other programs. What only code can check (a size of 16MiB or more) it lets
 * pass. Throws an Error at a kind of schema that it does not know, rather than to let everything pass.
 */
export const toJsonSchema = (shape: Shape, title: string): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title,
  ...convert(shape),
});

function convert(shape: Shape): JsonSchema {
  const inner = unwrap(shape);
  const { about, allowed } = notesOf(shape);
  const description = [about, allowed && `Allowed: ${allowed}.`].filter(Boolean).join(' ');
  const fallback = inner.entries ? undefined : fallbackOf(shape);
  const nullable = isNullable(shape) ? { anyOf: [plain(inner), { type: 'null' }] } : plain(inner);
  return {
    ...nullable,
    ...(description && { description }),
    ...(fallback !== undefined && { default: fallback }),
  };
}

const isNullable = ({ type, wrapped }: Shape): boolean =>
  /^null/.test(type) || (wrapped !== undefined && isNullable(wrapped));

const KINDS: Readonly<Record<string, (shape: Shape) => JsonSchema>> = {
  any: () => ({}),
  unknown: () => ({}),
  boolean: () => ({ type: 'boolean' }),
  number: (shape) => ({ type: 'number', ...checks(shape) }),
  string: (shape) => ({ type: 'string', ...checks(shape), ...patternNoted(shape) }),
  literal: ({ literal }) => ({ const: literal }),
  picklist: ({ options }) => ({ enum: options }),
  array: (shape) => ({ type: 'array', items: convert(shape.item!), ...checks(shape) }),
  record: ({ key, value }) => ({
    // A section with nothing below it is empty, not wrong.
    type: ['object', 'null'],
    propertyNames: convert(key as Shape),
    additionalProperties: convert(value!),
  }),
  union: ({ options }) => ({ anyOf: (options as readonly Shape[]).map(convert) }),
  variant: ({ options }) => ({ anyOf: (options as readonly Shape[]).map(convert) }),
  object: objectOf,
  loose_object: objectOf,
  strict_object: (shape) => ({ ...objectOf(shape), additionalProperties: false }),
};

function plain(shape: Shape): JsonSchema {
  const kind = KINDS[shape.type];
  if (!kind) throw new Error(`${shape.type}: there is no JSON Schema for it here yet`);
  return kind(shape);
}

const patternNoted = (shape: Shape): JsonSchema => {
  const { pattern } = notesOf(shape);
  return pattern === undefined ? {} : { pattern };
};

function objectOf({ entries = {} }: Shape): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const either: JsonSchema[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const secret = notesOf(entry).secret === true && isSecret(name, entry);
    const file = fileSettingOf(name);
    properties[name] = { ...convert(entry), ...(secret && { writeOnly: true }) };
    if (secret && !entries[file])
      properties[file] = { type: 'string', description: `The path of a file that holds ${name}.` };
    if (isOptional(entry)) continue;
    if (secret) either.push({ anyOf: [{ required: [name] }, { required: [file] }] });
    else required.push(name);
  }
  return {
    type: required.length === 0 ? ['object', 'null'] : 'object',
    properties,
    ...(required.length > 0 && { required }),
    ...(either.length > 0 && { allOf: either }),
  };
}

/** What the checks in a pipe say, as far as JSON Schema has words for it. */
const checks = (shape: Shape): JsonSchema =>
  Object.assign({}, ...stepsOf(shape).map((step) => CHECKS[step.type]?.(step, shape) ?? {}));

const CHECKS: Readonly<Record<string, (step: Step, shape: Shape) => JsonSchema>> = {
  integer: () => ({ type: 'integer' }),
  safe_integer: () => ({ type: 'integer' }),
  min_value: ({ requirement }) => ({ minimum: requirement }),
  max_value: ({ requirement }) => ({ maximum: requirement }),
  gt_value: ({ requirement }) => ({ exclusiveMinimum: requirement }),
  lt_value: ({ requirement }) => ({ exclusiveMaximum: requirement }),
  min_length: ({ requirement }, { type }) =>
    type === 'array' ? { minItems: requirement } : { minLength: requirement },
  max_length: ({ requirement }, { type }) =>
    type === 'array' ? { maxItems: requirement } : { maxLength: requirement },
  non_empty: (_, { type }) => (type === 'array' ? { minItems: 1 } : { minLength: 1 }),
  regex: ({ requirement }) => ({ pattern: (requirement as RegExp).source }),
  url: () => ({ format: 'uri' }),
  email: () => ({ format: 'email' }),
};
