/** Rows from the highest score to the lowest, equal ones in the order of time. */
export function descending(score: Float32Array): Uint32Array {
  return Uint32Array.from(score, (_, row) => row).sort((a, b) => score[b]! - score[a]! || a - b);
}

/** What a threshold at one of the scores flags. */
export interface Operating {
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** One entry for each distinct score, from the highest on: a threshold cannot part equal scores. */
export function operatingPoints(score: Float32Array, labels: Uint8Array): readonly Operating[] {
  const order = descending(score);
  const points: Operating[] = [];
  let hits = 0;
  for (let rank = 0; rank < order.length; rank++) {
    hits += labels[order[rank]!] ? 1 : 0;
    const isLast = rank + 1 === order.length || score[order[rank + 1]!] !== score[order[rank]!];
    if (isLast) points.push({ truePositives: hits, falsePositives: rank + 1 - hits });
  }
  return points;
}
