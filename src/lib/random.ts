/**
 * Random numbers from a seed: the same seed gives the same sequence on every machine.
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand: 128 bits of state, integer operations only.
 */
export class Random {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#b = seed >>> 0;
    this.#c = Math.floor(seed / 0x1_0000_0000) >>> 0;
    // Seeds that differ in one bit need some rounds until their sequences look unrelated.
    for (let round = 0; round < 15; round++) this.#bits();
  }

  /** Uniform in [0, 1), with 32 bits. */
  next(): number {
    return this.#bits() / 0x1_0000_0000;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Standard normal, by Box and Muller's transform. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Shuffles the first `count` places of `items`: each holds any of all the items with equal chance. */
  shuffle(items: Int32Array, count = items.length): void {
    for (let place = 0; place < count; place++) {
      const other = place + this.below(items.length - place);
      const kept = items[place]!;
      items[place] = items[other]!;
      items[other] = kept;
    }
  }

  #bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}
