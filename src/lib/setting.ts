import * as v from 'valibot';

type Described<S extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]
>;

/**
 * A setting with its default, as it is written in the file. `about` is what a person reads of it in the file that
 * `homeostat config init` writes, in the JSON Schema and in docs/configuration.md: sentences, without the default.
 */
export const setting = <S extends v.GenericSchema, const D extends v.Default<Described<S>, undefined>>(
  about: string,
  schema: S,
  fallback: D,
) => v.optional(v.pipe(schema, v.description(about)), fallback);

/** A setting that may be left out; `about` says what holds then. `example`: as it could be written. */
export const optionalSetting = <S extends v.GenericSchema>(
  about: string,
  schema: S,
  example: v.InferInput<S>,
) => v.optional(v.pipe(schema, v.description(about), v.metadata({ example })));

/**
 * Text that nobody may see: it is printed nowhere, and a setting `token` that has this schema can be given as `token_file`, the path
 * of a file that holds it. `what` completes "is not ...".
 */
export const secretSchema = (what = 'a text', least = 1) =>
  v.pipe(v.string(what), v.minLength(least, what), v.metadata({ secret: true }));

/** Settings below one name, all of which may be left out. */
export const section = <E extends v.ObjectEntries>(
  entries: E,
): v.OptionalSchema<v.StrictObjectSchema<E, undefined>, v.InferInput<v.StrictObjectSchema<E, undefined>>> =>
  v.optional(v.strictObject(entries), {} as never);
