/** Any schema of valibot, as far as its shape is read here. */
export interface Shape {
  readonly type: string;
  /** Of objects. */
  readonly entries?: Readonly<Record<string, Shape>>;
  /** Of `optional`, `nullable` and their like. */
  readonly wrapped?: Shape;
  readonly default?: unknown;
  /** Of arrays. */
  readonly item?: Shape;
  /** Of records: what a value is; of variants: the name of the setting that tells which one it is. */
  readonly key?: Shape | string;
  readonly value?: Shape;
  /** Schemas of unions and variants, values of picklists. */
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly pipe?: readonly Step[];
}

/** Of a pipe: its schema, or a check or a note that follows. */
export interface Step extends Shape {
  readonly kind: 'schema' | 'validation' | 'transformation' | 'metadata';
  readonly requirement?: unknown;
  readonly description?: string;
  readonly metadata?: Notes;
}

interface Notes {
  readonly secret?: boolean;
  readonly example?: unknown;
  /** Of a text, for JSON Schema. */
  readonly pattern?: string;
  /** What is allowed, for people: `a span of time: ...`. */
  readonly allowed?: string;
}

/** What stands in `optional`, `nullable` and their like. */
export function unwrap(shape: Shape): Shape {
  let at = shape;
  while (at.wrapped) at = at.wrapped;
  return at;
}

/** All steps of a schema's pipe and of those within it, without the schemas. */
export const stepsOf = (shape: Shape): Step[] =>
  (shape.pipe ?? []).flatMap((step) => (step.kind === 'schema' ? stepsOf(step) : [step]));

/** What was noted on a schema, the outermost first. */
export function notesOf(shape: Shape): Notes & { readonly about?: string } {
  const own = stepsOf(shape);
  const about = own.findLast(({ type }) => type === 'description')?.description;
  const notes: Notes = Object.assign({}, ...own.map(({ metadata }) => metadata));
  const inner = shape.wrapped ? notesOf(shape.wrapped) : {};
  return { ...inner, ...notes, ...(about !== undefined && { about }) };
}

/** `optional` somewhere around it. */
export const isOptional = (shape: Shape): boolean =>
  /^(optional|exact_optional|nullish|undefinedable)$/.test(shape.type) ||
  (shape.wrapped !== undefined && isOptional(shape.wrapped));

/** What holds where it is left out, as it would be written; undefined where nothing does. */
export function fallbackOf(shape: Shape): unknown {
  const own = typeof shape.default === 'function' ? (shape.default as () => unknown)() : shape.default;
  return own ?? (shape.wrapped ? fallbackOf(shape.wrapped) : undefined);
}

/** One setting of a schema: a value, or a list or a map that is written as one. */
export interface Setting {
  readonly path: readonly string[];
  readonly shape: Shape;
  /** What stands for it where it is left out, as it would be written. */
  readonly fallback: unknown;
}

/** All settings of a schema of sections, in its order. */
export function settingsOf(shape: Shape, path: readonly string[] = []): Setting[] {
  const { entries } = unwrap(shape);
  if (!entries) return [{ path, shape, fallback: fallbackOf(shape) }];
  return Object.entries(entries).flatMap(([name, entry]) => settingsOf(entry, [...path, name]));
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema of what stands below `key` of a value that `shape` describes; undefined where nothing may. */
export function below(shape: Shape, value: unknown, key: string | number): Shape | undefined {
  const at = resolve(shape, value);
  if (at.entries) return Object.hasOwn(at.entries, key) ? at.entries[key] : undefined;
  if (at.item) return at.item;
  return at.type === 'record' ? at.value : undefined;
}

/** The schema itself; of those from which the value chooses the one that it chose, or a plain one where none is. */
export function resolve(shape: Shape, value: unknown): Shape {
  const at = unwrap(shape);
  if (at.type !== 'variant' && at.type !== 'union') return at;
  const options = (at.options as readonly Shape[]).map((option) => resolve(option, value));
  return options.find((option) => fits(option, value, at.key as string | undefined)) ?? { type: 'unknown' };
}

/** Whether a value is of this one among several: by the setting that tells it, or by what it is made of. */
function fits(shape: Shape, value: unknown, key: string | undefined): boolean {
  if (key === undefined) {
    if (shape.entries || shape.type === 'record') return isMap(value);
    return shape.item ? Array.isArray(value) : shape.type === typeof value;
  }
  if (!shape.entries || !isMap(value)) return false;
  const { literal, options } = unwrap(shape.entries[key] ?? { type: 'unknown' });
  return literal === value[key] || (options?.includes(value[key]) ?? false);
}
