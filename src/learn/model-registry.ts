import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { exclusively } from '../lib/exclusive.ts';
import type { Comparison } from '../model/comparison.ts';
import type { MachineModel } from '../model/machine-model.ts';
import type { RegisteredModel } from '../model/registered-model.ts';
import { added, type Lineage, NO_MODELS, promoted, pruned, refused, rolledBack, settle } from './lineage.ts';
import { encodeModel, readModelFile } from './model-file.ts';

const FILE = 'registry.json';
/** The same once more: where the first is damaged, it tells which model had been chosen. */
const COPY = 'registry.copy.json';
const LOCK = 'registry.lock';
const PATTERN = /^model-(.+)\.hsm$/;
const SCHEMA = 1;

export interface NewModel {
  readonly model: MachineModel;
  readonly trainedBy: RegisteredModel['trainedBy'];
  /** Why it was trained, one line. */
  readonly reason: string;
  /** ms since the epoch. */
  readonly at: number;
}

/**
 * The models of a folder: which one scores, which did before, which waits for it, and why. `registry.json` is written
 * whole or not at all, under a lock, so that commands and the daemon may change it at the same time. Where it is lost, its
 * copy counts, and where that is lost too, the newest model file scores.
 */
export class ModelRegistry {
  readonly folder: string;
  #seen = '';

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Newest model last. A folder without models has none; nothing is written. */
  models(): readonly RegisteredModel[] {
    return this.#read().models;
  }

  /** Ids of those that scored and may score again; the one that is to score now comes first. */
  line(): readonly string[] {
    return this.#read().line.toReversed();
  }

  /** Throws a UserError where no model of this folder is called so; see `findModel`. */
  find(name: string): RegisteredModel {
    return findModel(this.models(), name, this.folder);
  }

  /** Reads a model's file; throws a UserError where it is damaged, of a newer version, or not the one that was registered. */
  load(id: string): MachineModel {
    const { file, sha256: registered } = this.find(id);
    const path = join(this.folder, file);
    const model = readModelFile(path);
    if (sha256(readFileSync(path)) === registered) return model;
    throw new UserError(
      `model ${path}: is not the file that was registered; remove it, or put the old one back`,
      1,
    );
  }

  /** Whether another process, or this one, changed it since this was asked last. Costs a `stat`. */
  changed(): boolean {
    const stat = statSync(join(this.folder, FILE), { throwIfNoEntry: false });
    const now = stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
    const before = this.#seen;
    this.#seen = now;
    return now !== before;
  }

  /** Writes the model's file and registers it as a candidate. Where its id is taken by another model, it gets a number. */
  add({ model, trainedBy, reason, at }: NewModel): RegisteredModel {
    makePrivateDirectory(this.folder);
    return this.#change((lineage) => {
      const { id, file, bytes } = this.#place(model);
      if (!existsSync(join(this.folder, file))) writeFileAtomic(join(this.folder, file), bytes, 0o600);
      const known = lineage.models.find((one) => one.id === id);
      if (known) return [lineage, known];
      const entry = { id, file, bytes: bytes.length, sha256: sha256(bytes), trainedBy };
      const next = added(lineage, entry, at, reason);
      return [next, next.models.at(-1)!];
    });
  }

  /** From now on this model scores. A daemon that runs takes it up within seconds. */
  promote(id: string, at: number, reason: string, comparison?: Comparison): void {
    this.#change((lineage) => [promoted(lineage, id, at, reason, comparison), undefined]);
  }

  /** This model is not to score; where it did, the one before it does. */
  refuse(id: string, at: number, reason: string, comparison?: Comparison): void {
    this.#change((lineage) => [refused(lineage, id, at, reason, comparison), undefined]);
  }

  /** The previous model scores again: its id. Throws a UserError where there is none. */
  rollback(at: number, reason: string): string {
    const none = new UserError(
      `no model came before the current one in ${this.folder}; 'homeostat model list' shows what is there`,
      1,
    );
    if (this.line().length < 2) throw none;
    return this.#change((lineage) => {
      const next = rolledBack(lineage, at, reason);
      if (!next) throw none;
      return [next, next.line.at(-1)!];
    });
  }

  /** Throws a UserError where the folder cannot be written or another process does not let go of it. */
  #change<T>(change: (lineage: Lineage) => readonly [Lineage, T]): T {
    try {
      return exclusively(join(this.folder, LOCK), () => this.#changeNow(change));
    } catch (error) {
      if (error instanceof UserError || errorCode(error) === undefined) throw error;
      throw new UserError(
        `the models in ${this.folder} cannot be changed (${errorMessage(error)}); see that the folder can be written, and try again`,
        1,
      );
    }
  }

  #changeNow<T>(change: (lineage: Lineage) => readonly [Lineage, T]): T {
    const [next, result] = change(this.#read());
    const kept = pruned(next, (file) => existsSync(join(this.folder, file)));
    const text = `${JSON.stringify({ schema: SCHEMA, ...kept }, null, 1)}\n`;
    writeFileAtomic(join(this.folder, FILE), text);
    writeFileAtomic(join(this.folder, COPY), text);
    // Only now: a file that the registry names is there at every moment.
    for (const name of modelFiles(this.folder))
      if (!kept.models.some(({ file }) => file === name)) rmSync(join(this.folder, name), { force: true });
    return result;
  }

  #read(): Lineage {
    const files = modelFiles(this.folder);
    const stored = readLineage(join(this.folder, FILE)) ?? readLineage(join(this.folder, COPY));
    const known = stored ?? NO_MODELS;
    const unknown = files.filter((name) => !known.models.some(({ file }) => file === name));
    const found = unknown.flatMap((file) => this.#found(file));
    const lineage = found.reduce((all, { entry, at }) => added(all, entry, at, 'found in the folder'), known);
    const line = stored ? known.line : found.map(({ entry }) => entry.id);
    const present = lineage.models.filter(({ file }) => files.includes(file));
    return settle(
      { line: line.filter((id) => present.some((model) => model.id === id)), models: present },
      Date.now(),
      () => 'found in the folder',
    );
  }

  /** A model file that nobody registered: an earlier version wrote it, or a training was killed right after. */
  #found(file: string) {
    const path = join(this.folder, file);
    try {
      const { size, mtimeMs } = statSync(path);
      const id = PATTERN.exec(file)![1]!;
      const entry = {
        id,
        file,
        bytes: size,
        sha256: sha256(readFileSync(path)),
        trainedBy: 'command' as const,
      };
      return [{ entry, at: mtimeMs }];
    } catch {
      return [];
    }
  }

  #place(model: MachineModel) {
    for (let number = 1; ; number++) {
      const id = number === 1 ? model.id : `${model.id}-${number}`;
      const file = `model-${id}.hsm`;
      const bytes = encodeModel({ ...model, id });
      const path = join(this.folder, file);
      if (!existsSync(path) || readFileSync(path).equals(bytes)) return { id, file, bytes };
    }
  }
}

/** By its id, the beginning of it that no other has, or `current`, `previous`, `candidate` (the newest one). */
function findModel(models: readonly RegisteredModel[], name: string, folder: string): RegisteredModel {
  const byState = models.findLast(({ state }) => state === name);
  const found = byState ? [byState] : models.filter(({ id }) => id === name);
  const matching = found.length > 0 ? found : models.filter(({ id }) => id.startsWith(name));
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1)
    throw new UserError(
      `'${name}' could be ${matching.map(({ id }) => id).join(' or ')}; give more of the id`,
    );
  throw new UserError(
    `no model is called '${name}' in ${folder}; ${models.length === 0 ? "there is none yet, 'homeostat train' makes one" : "'homeostat model list' shows the ids"}`,
  );
}

/** Names of model files, oldest first: ids begin with the time of training. */
function modelFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => PATTERN.test(name))
      .sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined for what is missing, damaged or of another version: what is in the folder then counts. */
function readLineage(path: string): Lineage | undefined {
  try {
    const stored = JSON.parse(readFileSync(path, 'utf8')) as Partial<Lineage> & { schema?: number };
    const { schema, line, models } = stored;
    const whole =
      schema === SCHEMA &&
      Array.isArray(line) &&
      Array.isArray(models) &&
      line.every((id) => typeof id === 'string') &&
      models.every(isModel);
    return whole ? { line, models } : undefined;
  } catch {
    return undefined;
  }
}

function isModel(value: unknown): value is RegisteredModel {
  const { id, file, sha256, state, events } = (value ?? {}) as Partial<RegisteredModel>;
  return (
    [id, sha256, state].every((text) => typeof text === 'string') &&
    PATTERN.test(file ?? '') &&
    // Names alone: a registry that somebody wrote must not lead out of the folder.
    !/[/\\]/.test(file ?? '') &&
    Array.isArray(events) &&
    events.length > 0
  );
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
