import { LogReader } from '../../../src/wal/log-reader.ts';

/** The keys in the log of this path, or in an outbox. */
export function keysIn(path: string): Set<string> {
  const reader = new LogReader(path);
  try {
    return new Set([...reader.records()].map(({ key }) => key));
  } finally {
    reader.close();
  }
}

/** The last part of an agent's key: the number of the event in the agent's outbox, from 1 on without gaps. */
export const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf('/') + 1));
