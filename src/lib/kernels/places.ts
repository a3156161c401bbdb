/** The primitives' vectors begin at multiples of this. */
const VECTOR = 4;

/** Shares out the one memory that primitives work over, place by place. Place 0 stands for none. */
export class Places {
  #end = VECTOR;

  /** The place of so many floats that nobody else is given. */
  take(floats: number): number {
    const place = this.#end;
    this.#end += Math.ceil(floats / VECTOR) * VECTOR;
    return place;
  }

  /** How many floats the memory needs for all that was taken. */
  get floats(): number {
    return this.#end;
  }
}
