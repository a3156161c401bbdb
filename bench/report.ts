/** One measured figure of a bench. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What `value` is a ratio to, or was measured beside; undefined where there is no peer. */
  readonly peer?: string;
  /** What was asked for: `<= 0.25`. */
  readonly goal?: string;
}

const json = process.argv.includes('--json');

/** Prints a figure: one JSON object a line with --json, else a line for people. */
export function report(figure: Figure): void {
  if (json) {
    const { bench, figure: name, value, unit, peer, goal } = figure;
    console.log(JSON.stringify({ bench, figure: name, value, unit, peer: peer ?? null, goal: goal ?? null }));
    return;
  }
  const beside = figure.peer ? `  beside ${figure.peer}` : '';
  const asked = figure.goal ? `  goal ${figure.goal}` : '';
  console.log(
    `${figure.figure.padEnd(28)} ${format(figure.value).padStart(12)} ${figure.unit}${beside}${asked}`,
  );
}

/** A remark for people; with --json it goes to standard error so that standard output stays one object a line. */
export function note(text: string): void {
  if (json) console.error(text);
  else console.log(text);
}

const format = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4));
