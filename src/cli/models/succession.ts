import { setTimeout as sleep } from 'node:timers/promises';
import { createEnsemble } from '../../detect/ensemble.ts';
import type { ModelRegistry } from '../../learn/model-registry.ts';
import { errorMessage, UserError } from '../../lib/errors.ts';
import type { Status } from '../../model/status.ts';
import { findRunning } from '../client.ts';
import { openRegistry } from './registry.ts';

interface Options {
  readonly data: string;
  readonly json?: true;
}

/** A daemon looks each 2 s, and loads a model within some more. */
const LONGEST_WAIT_MS = 15_000;

/** The slowest interval of collection: a model of rows further apart knows nothing of seconds. */
const SLOWEST_SECONDS = 10;

/** From now on the model scores. */
export async function promote(name: string, { data, json }: Options): Promise<void> {
  const registry = openRegistry(data);
  const { id, state } = registry.find(name);
  if (state === 'current') throw new UserError(`${id} is the current model already`, 1);
  tryOut(registry, id);
  const before = registry.line()[0];
  registry.promote(id, Date.now(), "'homeostat model promote'");
  const running = await takenUp(data, id);
  if (json) console.log(JSON.stringify({ current: id, previous: before, running }, null, 2));
  else
    console.log(
      `${id} ${scores(running)}${before === undefined ? '' : `; 'homeostat model rollback' returns to ${before}`}`,
    );
}

/** The model before the current one scores again. */
export async function rollback({ data, json }: Options): Promise<void> {
  const registry = openRegistry(data);
  const [before, previous] = registry.line();
  if (previous !== undefined) tryOut(registry, previous);
  const id = registry.rollback(Date.now(), "'homeostat model rollback'");
  const running = await takenUp(data, id);
  if (json) console.log(JSON.stringify({ current: id, retired: before, running }, null, 2));
  else console.log(`${id} ${scores(running)}; 'homeostat model promote ${before}' undoes it`);
}

/** A model that cannot score is refused before anything is changed. */
function tryOut(registry: ModelRegistry, id: string): void {
  const model = registry.load(id);
  if (model.stepSeconds > SLOWEST_SECONDS)
    throw new UserError(
      `the model ${id} was learned from rows ${model.stepSeconds} s apart and cannot score rows of every second; train on telemetry of a running Homeostat`,
      1,
    );
  try {
    createEnsemble(model);
  } catch (error) {
    throw new UserError(`the model ${id} cannot score here: ${errorMessage(error)}`, 1);
  }
}

/** `used`: the running Homeostat scores with it. `none`: none runs. */
type Running = 'used' | 'none' | 'not yet';

async function takenUp(data: string, id: string): Promise<Running> {
  const client = findRunning(data);
  if (!client) return 'none';
  for (const end = Date.now() + LONGEST_WAIT_MS; Date.now() < end; await sleep(200)) {
    const { learning } = await client.get<Status>('status');
    if (learning.model?.id === id) return 'used';
  }
  return 'not yet';
}

const scores = (running: Running): string =>
  ({
    used: 'scores now',
    none: 'scores from the next start on',
    'not yet': "was not taken up yet by the running Homeostat; 'homeostat status' tells more",
  })[running];
