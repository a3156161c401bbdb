import { nextLine, readUint, skipSpaces, startsWith } from './bytes.ts';

/**
 * The numbers of a file of `label value` lines (/proc/meminfo, /proc/vmstat), in the order of the labels given.
 * The order of lines does not change while a kernel runs, so each label is looked for only where it was found before.
 */
export class LabelledValues {
  readonly values: Float64Array;
  readonly #labels: readonly Buffer[];
  /** Line numbers with a label and that label's index, in the order of lines. */
  #found: readonly (readonly [line: number, label: number])[] = [];

  /** Labels end as they do in the file (`MemFree:`, `pswpin `), so that none is the beginning of another. */
  constructor(labels: readonly string[]) {
    this.#labels = labels.map((label) => Buffer.from(label));
    this.values = new Float64Array(labels.length);
  }

  /** Fills `values` from the buffer; NaN where the file has no such line. */
  read(buffer: Buffer): void {
    if (!this.#readKnown(buffer)) this.#search(buffer);
  }

  #readKnown(buffer: Buffer): boolean {
    let line = 0;
    let number = 0;
    for (const [wanted, label] of this.#found) {
      for (; number < wanted; number++) line = nextLine(buffer, line);
      if (!this.#take(buffer, line, label)) return false;
    }
    return this.#found.length > 0;
  }

  #search(buffer: Buffer): void {
    const found: [number, number][] = [];
    this.values.fill(Number.NaN);
    let number = 0;
    for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
      const label = this.#labels.findIndex((_, index) => this.#take(buffer, line, index));
      if (label >= 0) found.push([number, label]);
      number++;
    }
    // A file that was cut short says nothing about where the others are.
    if (found.length >= this.#found.length) this.#found = found;
  }

  #take(buffer: Buffer, line: number, index: number): boolean {
    const label = this.#labels[index]!;
    if (!startsWith(buffer, line, label)) return false;
    this.values[index] = readUint(buffer, skipSpaces(buffer, line + label.length));
    return true;
  }
}
