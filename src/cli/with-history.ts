import type { ReadableHistory } from '../store/contract.ts';
import { hostFolder } from './hub-folder.ts';

/** Where a history is: of this machine, or of a host of the hub. */
export const historyFolder = ({ data, host }: { readonly data: string; readonly host?: string }): string =>
  host === undefined ? data : hostFolder(data, host);

/** Opens the stored history read-only, which works whether Homeostat runs or not, and closes it after `use`. */
export async function withHistory<T>(
  dataFolder: string,
  use: (history: ReadableHistory) => T | Promise<T>,
): Promise<T> {
  const { openHistory } = await import('../store/store.ts');
  const history = openHistory(dataFolder);
  try {
    return await use(history);
  } finally {
    history.close();
  }
}
