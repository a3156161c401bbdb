/** As much of JSON Schema (2020-12) as the schema of the configuration uses. Throws at a keyword that it does not know. */
export function violations(schema: unknown, value: unknown, at = ''): string[] {
  const rules = schema as Readonly<Record<string, unknown>>;
  return Object.entries(rules).flatMap(([keyword, rule]) => {
    const check = KEYWORDS[keyword];
    if (!check) throw new Error(`${at || 'the schema'}: ${keyword} is not known here`);
    return check(rule as never, value, at, rules);
  });
}

type Check = (rule: never, value: unknown, at: string, rules: Readonly<Record<string, unknown>>) => string[];

const nothing: Check = () => [];
const unless = (right: boolean, at: string, what: string): string[] => (right ? [] : [`${at}: ${what}`]);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
};

const number =
  (holds: (value: number, limit: number) => boolean): Check =>
  (limit: number, value, at) =>
    unless(typeof value !== 'number' || holds(value, limit), at, `${value} and the limit ${limit}`);

const KEYWORDS: Readonly<Record<string, Check>> = {
  $schema: nothing,
  title: nothing,
  description: nothing,
  default: nothing,
  writeOnly: nothing,
  format: nothing,
  type: (rule: string | readonly string[], value, at) =>
    unless(
      [rule].flat().some((name) => TYPES[name]!(value)),
      at,
      `is no ${rule}`,
    ),
  const: (rule: unknown, value, at) => unless(value === rule, at, `is not ${rule}`),
  enum: (rule: readonly unknown[], value, at) => unless(rule.includes(value), at, `is none of ${rule}`),
  minimum: number((value, limit) => value >= limit),
  maximum: number((value, limit) => value <= limit),
  exclusiveMinimum: number((value, limit) => value > limit),
  exclusiveMaximum: number((value, limit) => value < limit),
  minLength: (rule: number, value, at) =>
    unless(typeof value !== 'string' || value.length >= rule, at, 'is too short'),
  maxLength: (rule: number, value, at) =>
    unless(typeof value !== 'string' || value.length <= rule, at, 'is too long'),
  pattern: (rule: string, value, at) =>
    unless(typeof value !== 'string' || new RegExp(rule, 'u').test(value), at, `does not match ${rule}`),
  minItems: (rule: number, value, at) =>
    unless(!Array.isArray(value) || value.length >= rule, at, 'has too few'),
  maxItems: (rule: number, value, at) =>
    unless(!Array.isArray(value) || value.length <= rule, at, 'has too many'),
  items: (rule: unknown, value, at) =>
    Array.isArray(value) ? value.flatMap((one, index) => violations(rule, one, `${at}.${index}`)) : [],
  properties: (rule: Readonly<Record<string, unknown>>, value, at) =>
    isObject(value)
      ? Object.entries(rule).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? violations(schema, value[name], `${at}.${name}`) : [],
        )
      : [],
  required: (rule: readonly string[], value, at) =>
    isObject(value)
      ? rule.flatMap((name) => unless(Object.hasOwn(value, name), `${at}.${name}`, 'is missing'))
      : [],
  propertyNames: (rule: unknown, value, at) =>
    isObject(value) ? Object.keys(value).flatMap((name) => violations(rule, name, `${at}.${name}`)) : [],
  additionalProperties: (rule: unknown, value, at, { properties = {} }) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, one]) => {
          if (Object.hasOwn(properties as object, name)) return [];
          return rule === false ? [`${at}.${name}: is not known`] : violations(rule, one, `${at}.${name}`);
        })
      : [],
  anyOf: (rule: readonly unknown[], value, at) =>
    unless(
      rule.some((schema) => violations(schema, value, at).length === 0),
      at,
      'fits none of them',
    ),
  allOf: (rule: readonly unknown[], value, at) => rule.flatMap((schema) => violations(schema, value, at)),
};
