import type { Comparison } from '../model/comparison.ts';
import type { ModelState, RegisteredModel } from '../model/registered-model.ts';

/** All models of a folder, and the line of those that scored one after the other; its last one is the current one. */
export interface Lineage {
  readonly line: readonly string[];
  readonly models: readonly RegisteredModel[];
}

export const NO_MODELS: Lineage = { line: [], models: [] };

/** Of a model, no more of its past is kept. */
const MOST_EVENTS = 20;
/** So many are kept of those that scored, of the candidates, and of the rest: newest first. */
const KEPT = { line: 3, candidate: 2, retired: 3 };

/** A new model, not yet judged. One of the same id is replaced. */
export function added(
  lineage: Lineage,
  model: Omit<RegisteredModel, 'state' | 'events'>,
  at: number,
  reason: string,
): Lineage {
  const events = [{ at, state: 'candidate' as const, reason }];
  const others = lineage.models.filter(({ id }) => id !== model.id);
  return { ...lineage, models: [...others, { ...model, state: 'candidate', events }] };
}

/** From now on `id` scores; the one before it is the previous one. */
export function promoted(
  lineage: Lineage,
  id: string,
  at: number,
  reason: string,
  comparison?: Comparison,
): Lineage {
  const line = [...lineage.line.filter((one) => one !== id), id];
  return settle(
    { line, models: lineage.models.map((model) => compared(model, id, comparison)) },
    at,
    (model) => (model.id === id ? reason : `replaced by ${id}`),
  );
}

/** `id` is not to score: a candidate that is worse, or a model that cannot be used. */
export function refused(
  lineage: Lineage,
  id: string,
  at: number,
  reason: string,
  comparison?: Comparison,
): Lineage {
  const models = lineage.models.map((model) =>
    model.id === id
      ? changed(compared(model, id, comparison), { at, state: 'retired' as const, reason })
      : model,
  );
  return settle({ line: lineage.line.filter((one) => one !== id), models }, at, (model) =>
    model.state === 'current' ? `${id} was refused` : 'the one before the current one',
  );
}

/** The current model is retired and the previous one scores again. Undefined where there is no previous one. */
export function rolledBack(lineage: Lineage, at: number, reason: string): Lineage | undefined {
  const [previous, current] = lineage.line.slice(-2);
  if (previous === undefined || current === undefined) return undefined;
  const models = lineage.models.map((model) =>
    model.id === current ? changed(model, { at, state: 'retired' as const, reason }) : model,
  );
  return settle({ line: lineage.line.slice(0, -1), models }, at, (model) =>
    model.id === previous ? `rolled back from ${current}` : 'the one before the current one',
  );
}

/** Models whose files are gone are forgotten, and so is what is too old to be of use; newest models last. */
export function pruned(lineage: Lineage, exists: (file: string) => boolean): Lineage {
  const present = lineage.models
    .filter(({ file }) => exists(file))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const line = lineage.line.filter((id) => present.some((model) => model.id === id)).slice(-KEPT.line);
  const rest = present.filter(({ id }) => !line.includes(id));
  const kept = new Set([
    ...line,
    ...newest(rest.filter(({ state }) => state === 'candidate')).slice(0, KEPT.candidate),
    ...newest(rest.filter(({ state }) => state !== 'candidate')).slice(0, KEPT.retired),
  ]);
  return { line, models: present.filter(({ id }) => kept.has(id)) };
}

/** Ids, the one that became what it is last first. */
const newest = (models: readonly RegisteredModel[]): string[] =>
  models
    .toSorted((one, other) => (other.events.at(-1)?.at ?? 0) - (one.events.at(-1)?.at ?? 0))
    .map(({ id }) => id);

/** Each model of the line gets the state that its place gives it; what changes is written down with its reason. */
export function settle(lineage: Lineage, at: number, reason: (model: RegisteredModel) => string): Lineage {
  const models = lineage.models.map((model) => {
    const state = stateIn(lineage.line, model);
    if (state === model.state) return model;
    return changed(model, { at, state, reason: reason({ ...model, state }) });
  });
  return { ...lineage, models };
}

function stateIn(line: readonly string[], { id, state }: RegisteredModel): ModelState {
  const place = line.indexOf(id);
  if (place < 0) return state === 'candidate' ? 'candidate' : 'retired';
  return place === line.length - 1 ? 'current' : place === line.length - 2 ? 'previous' : 'retired';
}

const changed = (model: RegisteredModel, event: RegisteredModel['events'][number]): RegisteredModel => ({
  ...model,
  state: event.state,
  events: [...model.events, event].slice(-MOST_EVENTS),
});

const compared = (model: RegisteredModel, id: string, comparison?: Comparison): RegisteredModel =>
  model.id === id && comparison ? { ...model, comparison } : model;
