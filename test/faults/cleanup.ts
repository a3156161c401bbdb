/** What must be undone, newest first, however the run ends. */
export class Cleanup {
  readonly #undo: (() => void | Promise<void>)[] = [];
  #ended = false;

  /** `undo` must bear being called when there is nothing left to undo. */
  add(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
    // What was on its way when the run was broken off came too late for the others.
    if (this.#ended) void this.run();
  }

  /** Undoes everything, also what is still to come: the run was broken off. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.run();
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Undoes everything; one that fails is told and does not keep the others from it. */
  async run(): Promise<void> {
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        console.error(`faults: cleaning up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
