import { readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { errorCode, errorMessage } from '../lib/errors.ts';
import { below, isMap, notesOf, type Shape } from './shape.ts';

/** `token` -> `token_file`: the setting that names a file with a secret in it. */
export const fileSettingOf = (secret: string): string => `${secret}_file`;

/** What is a secret by its name, for schemas that do not say so. */
const SECRET_NAME = /token|secret|password|passphrase|api_?key/i;

/** What stands where a secret would. */
const HIDDEN = '(secret)';

/** Whether a setting of that name and schema must not be shown. The name of a file or of a variable may be. */
export const isSecret = (name: string, shape: Shape | undefined): boolean =>
  (shape !== undefined && notesOf(shape).secret === true) ||
  (SECRET_NAME.test(name) && !/_(?:file|env)$/.test(name));

/** A value as it may be shown: secrets in it are hidden, and so are passwords within addresses. */
export function hideSecrets(value: unknown, shape: Shape | undefined, name = ''): unknown {
  if (value === undefined || value === null) return value;
  if (isSecret(name, shape) && !isMap(value)) return HIDDEN;
  if (Array.isArray(value))
    return value.map((one, index) => hideSecrets(one, shape && below(shape, value, index)));
  if (isMap(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        hideSecrets(one, shape && below(shape, value, key), key),
      ]),
    );
  return typeof value === 'string' ? value.replace(/(:\/\/[^/\s:@]*):[^/\s@]*@/, `$1:${HIDDEN}@`) : value;
}

/** A secret that was read from a file: where it is in the configuration, and which setting named the file. */
export interface SecretFile {
  readonly path: readonly string[];
  readonly file: string;
}

/**
 * The configuration with each `X_file` replaced by `X`, the file's content without white space at its end, for every secret X of the
 * schema that is not itself a setting `X_file`. Relative names are relative to `folder`.
 */
export function readSecretFiles(
  value: unknown,
  shape: Shape,
  folder: string,
  path: readonly string[] = [],
): { readonly value: unknown; readonly read: readonly SecretFile[]; readonly mistakes: readonly Mistake[] } {
  const read: SecretFile[] = [];
  const mistakes: Mistake[] = [];
  const enter = (key: string, one: unknown): unknown => {
    const next = below(shape, value, Array.isArray(value) ? Number(key) : key);
    if (!next || typeof one !== 'object' || one === null) return one;
    const inner = readSecretFiles(one, next, folder, [...path, key]);
    read.push(...inner.read);
    mistakes.push(...inner.mistakes);
    return inner.value;
  };
  if (Array.isArray(value))
    return { value: value.map((one, index) => enter(String(index), one)), read, mistakes };
  if (!isMap(value)) return { value, read, mistakes };
  const result: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    const secret = secretNamedBy(key, value, shape);
    if (secret === undefined) {
      result[key] = enter(key, one);
      continue;
    }
    const found = readSecret(one, folder);
    if ('problem' in found) mistakes.push({ path: [...path, key], problem: found.problem });
    else if (Object.hasOwn(value, secret))
      mistakes.push({ path: [...path, key], problem: `is given beside ${secret}; keep one of them` });
    else {
      result[secret] = found.text;
      read.push({ path: [...path, secret], file: found.file });
    }
  }
  return { value: result, read, mistakes };
}

/** What is wrong with one setting. */
export interface Mistake {
  readonly path: readonly string[];
  readonly problem: string;
}

/** The secret of which `key` names the file; undefined where it is a setting of its own or nothing known. */
function secretNamedBy(key: string, value: unknown, shape: Shape): string | undefined {
  if (below(shape, value, key) !== undefined || !key.endsWith('_file')) return undefined;
  const name = key.replace(/_file$/, '');
  const secret = below(shape, value, name);
  return secret && isSecret(name, secret) ? name : undefined;
}

function readSecret(name: unknown, folder: string): { text: string; file: string } | { problem: string } {
  if (typeof name !== 'string') return { problem: `${JSON.stringify(name)} is not the path of a file` };
  const file = resolvePath(folder, name);
  try {
    const text = readFileSync(file, 'utf8').trimEnd();
    return text === '' ? { problem: `${file} is empty; write the secret into it` } : { text, file };
  } catch (error) {
    return {
      problem: `${file} cannot be read (${errorCode(error) ?? errorMessage(error)}); check its path, owner and mode`,
    };
  }
}
