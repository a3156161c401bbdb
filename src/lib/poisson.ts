/** How much is left out on each side of a two-sided interval of 95 %. */
const TAIL = 0.025;

/**
 * The exact 95 % interval of a Poisson mean of which one count is known (Garwood, "Fiducial limits for the Poisson distribution",
 * 1936): means at which as few, and at which as many, would come in one case of forty.
 */
export function poissonInterval(count: number): { readonly low: number; readonly high: number } {
  const most = count + 10 * Math.sqrt(count + 1) + 10;
  const fewer = (mean: number): number => atMost(count - 1, mean);
  return {
    low: count === 0 ? 0 : solve((mean) => fewer(mean) - (1 - TAIL), most),
    high: solve((mean) => atMost(count, mean) - TAIL, most),
  };
}

/** Probability of at most `count` events of a Poisson process with this mean; summed in logarithms, so that no term is lost. */
function atMost(count: number, mean: number): number {
  if (mean === 0) return 1;
  let logTerm = -mean;
  let sum = 0;
  for (let event = 0; event <= count; event++) {
    if (event > 0) logTerm += Math.log(mean / event);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** Where a function that falls from above 0 to below it between 0 and `high` is 0, to about 12 digits. */
function solve(falling: (mean: number) => number, high: number): number {
  let [from, to] = [0, high];
  for (let step = 0; step < 60; step++) {
    const middle = (from + to) / 2;
    if (falling(middle) > 0) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
