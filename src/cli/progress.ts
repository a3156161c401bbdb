/** Between two updates, ms. */
const EVERY_MS = 200;

export interface Progress {
  /** So many more; `share`: how far it is with them, 0 to 1. */
  step(count?: number, share?: number): void;
  /** Takes the line away. */
  end(): void;
}

/** A line on standard error that counts `what`, where that is a terminal. */
export function showProgress(what: string): Progress {
  if (!process.stderr.isTTY) return { step: () => {}, end: () => {} };
  const begin = performance.now();
  let total = 0;
  let asked = 0;
  let shown = begin;
  return {
    step: (count = 1, share) => {
      total += count;
      // Asking for the time costs more than counting.
      if (total - asked < 256 && share === undefined) return;
      asked = total;
      const now = performance.now();
      if (now - shown < EVERY_MS) return;
      shown = now;
      const far = share === undefined ? '' : `, ${Math.floor(100 * share)} %`;
      const pace = Math.round((1000 * total) / (now - begin));
      process.stderr.write(`\r\x1b[K${total} ${what}${far}, ${pace} a second`);
    },
    end: () => void process.stderr.write('\r\x1b[K'),
  };
}
