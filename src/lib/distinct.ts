/** Registers of the estimate: 2^14 of them give a standard error of 1.04 / sqrt(2^14) = 0.8 %. */
const INDEX_BITS = 14;
const REGISTERS = 1 << INDEX_BITS;

/**
 * How many different texts there were, in bounded memory: exact up to `exactly` of them, beyond that an estimate (HyperLogLog:
 * Flajolet, Fusy, Gandouet, Meunier 2007).
 */
export class DistinctCount {
  readonly #exactly: number;
  #seen: Set<string> | undefined = new Set();
  readonly #registers = new Uint8Array(REGISTERS);

  constructor(exactly = 65_536) {
    this.#exactly = exactly;
  }

  add(text: string): void {
    if (this.#seen?.has(text)) return;
    this.#register(text);
    if (!this.#seen) return;
    this.#seen.add(text);
    if (this.#seen.size > this.#exactly) this.#seen = undefined;
  }

  /** True while `count` is the exact number. */
  isExact(): boolean {
    return this.#seen !== undefined;
  }

  count(): number {
    if (this.#seen) return this.#seen.size;
    let sum = 0;
    let empty = 0;
    for (const register of this.#registers) {
      sum += 2 ** -register;
      if (register === 0) empty++;
    }
    const alpha = 0.7213 / (1 + 1.079 / REGISTERS);
    const estimate = (alpha * REGISTERS * REGISTERS) / sum;
    // The paper's correction for small numbers: linear counting.
    if (estimate <= 2.5 * REGISTERS && empty > 0) return Math.round(REGISTERS * Math.log(REGISTERS / empty));
    return Math.round(estimate);
  }

  #register(text: string): void {
    const place = hash(text, 0x9e37_79b9) >>> (32 - INDEX_BITS);
    const rank = Math.clz32(hash(text, 0x85eb_ca6b)) + 1;
    if (rank > this.#registers[place]!) this.#registers[place] = rank;
  }
}

/** FNV-1a over UTF-16 units, its bits then mixed as in MurmurHash3's finalizer, so that each depends on all. */
function hash(text: string, seed: number): number {
  let value = (0x811c_9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
