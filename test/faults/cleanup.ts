/** What must be undone, newest first, however the run ends. */
export class Cleanup {
  readonly #undo: (() => void | Promise<void>)[] = [];

  /** `undo` must bear being called when there is nothing left to undo. */
  add(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
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
