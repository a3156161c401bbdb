import type { ReadableHistory } from '../store/contract.ts';

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
