/** Between two updates, ms. */
const EVERY_MS = 200;

export interface Progress {
  /** One more. */
  step(): void;
  /** Takes the line away. */
  end(): void;
}

/** A line on standard error that counts `what`, where that is a terminal; `of`: how many there will be. */
export function showProgress(what: string, of?: number): Progress {
  if (!process.stderr.isTTY) return { step: () => {}, end: () => {} };
  const begin = performance.now();
  let count = 0;
  let shown = begin;
  return {
    step: () => {
      count++;
      // Asking for the time costs more than counting.
      if (count % 256 !== 0) return;
      const now = performance.now();
      if (now - shown < EVERY_MS) return;
      shown = now;
      const share = of === undefined ? '' : ` of ${of} (${Math.floor((100 * count) / of)} %)`;
      process.stderr.write(
        `\r\x1b[K${count}${share} ${what}, ${Math.round((1000 * count) / (now - begin))} a second`,
      );
    },
    end: () => void process.stderr.write('\r\x1b[K'),
  };
}
