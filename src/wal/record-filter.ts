/** Which records are wanted; what is left out does not matter. Beginnings are included, ends are not. */
export interface RecordFilter {
  readonly source?: string;
  /** When it was taken, ms since the epoch. */
  readonly receivedFrom?: number;
  readonly receivedTo?: number;
}

/** The filter as SQL that follows another condition, and its values. */
export function whereOf({ source, receivedFrom, receivedTo }: RecordFilter): {
  readonly where: string;
  readonly values: readonly (string | number)[];
} {
  const conditions: [string, string | number][] = [];
  if (source !== undefined) conditions.push(['source = ?', source]);
  if (receivedFrom !== undefined) conditions.push(['received_at >= ?', Math.floor(receivedFrom)]);
  if (receivedTo !== undefined) conditions.push(['received_at < ?', Math.floor(receivedTo)]);
  return {
    where: conditions.map(([condition]) => `AND ${condition}`).join(' '),
    values: conditions.map(([, value]) => value),
  };
}
