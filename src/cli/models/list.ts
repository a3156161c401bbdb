import { formatValue } from '../../model/display.ts';
import type { RegisteredModel } from '../../model/registered-model.ts';
import { table } from '../table.ts';
import { openRegistry } from './registry.ts';
import { when } from './when.ts';

/** All models of a data folder, newest first. */
export function listModels({ data, json }: { readonly data: string; readonly json?: true }): void {
  const models = openRegistry(data).models().toReversed();
  if (json) console.log(JSON.stringify(models, null, 2));
  else if (models.length === 0)
    console.log("There is no model yet: a running Homeostat makes the first one, or 'homeostat train' does.");
  else console.log(render(models));
}

const render = (models: readonly RegisteredModel[]): string =>
  table(
    [
      { title: 'MODEL', value: ({ id }: RegisteredModel) => id },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'SINCE', value: ({ events }) => when(events.at(-1)!.at) },
      { title: 'SIZE', value: ({ bytes }) => formatValue(bytes, 'By'), align: 'right' },
      { title: 'BECAUSE', value: ({ events }) => events.at(-1)!.reason, flexible: true },
    ],
    models,
  );
