import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../settings.ts';
import { withHistory } from '../with-history.ts';
import { describeModel, renderModel } from './card.ts';
import { openRegistry } from './registry.ts';
import { serviceOf } from './service.ts';

/** The card of a model, with what it did while it scored, where there is a history to tell. */
export async function showModel(
  name: string,
  { data, json }: { readonly data: string; readonly json?: true },
): Promise<void> {
  const { alarms } = await readSettings();
  const registry = openRegistry(data);
  const entry = registry.find(name);
  const model = registry.load(entry.id);
  const service = existsSync(join(data, 'history.db'))
    ? await withHistory(data, (history) => serviceOf(entry, history, Date.now()))
    : undefined;
  const described = describeModel(entry, model, registry.folder, alarms.per_week, service);
  console.log(json ? JSON.stringify(described, null, 2) : renderModel(described));
}
