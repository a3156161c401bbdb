/**
 * The rows of a table of the kernel (disks, interfaces), each with something kept for it. The order of rows hardly ever
 * changes, so a row is known again by comparing its name's bytes at the same place; no string is made.
 */
export class Rows<T> {
  readonly #make: (name: string) => T;
  #names: Buffer[] = [];
  #values: T[] = [];
  #count = 0;
  #changed = false;

  constructor(make: (name: string) => T) {
    this.#make = make;
  }

  /** What is kept for the next row, whose name is the bytes from `start` to `end`. A new name is made something for. */
  next(buffer: Buffer, start: number, end: number): T {
    const index = this.#count++;
    const known = this.#names[index];
    if (known && sameBytes(known, buffer, start, end)) return this.#values[index]!;
    return this.#place(index, Buffer.from(buffer.subarray(start, end)));
  }

  /** Ends the table: rows that were not seen are forgotten. True when the set or order of rows has changed. */
  end(): boolean {
    const changed = this.#changed || this.#count !== this.#names.length;
    this.#names.length = this.#count;
    this.#values.length = this.#count;
    this.#count = 0;
    this.#changed = false;
    return changed;
  }

  #place(index: number, name: Buffer): T {
    this.#changed = true;
    const former = this.#names.findIndex((other, place) => place >= index && other.equals(name));
    const value = former >= 0 ? this.#values[former]! : this.#make(name.toString('utf8'));
    if (former >= 0) {
      this.#names.splice(former, 1);
      this.#values.splice(former, 1);
    }
    this.#names.splice(index, 0, name);
    this.#values.splice(index, 0, value);
    return value;
  }
}

function sameBytes(name: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index++) {
    if (name[index] !== buffer[start + index]) return false;
  }
  return true;
}
