/** Something that a thread beside the daemon works on. */
export interface Run<T> {
  /** Rejects with what went wrong. */
  readonly done: Promise<T>;
  /** Ends it; `done` then rejects. */
  cancel(): void;
}
