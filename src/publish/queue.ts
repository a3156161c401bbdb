/** An event as it is kept until it is acknowledged. */
export interface QueuedEvent {
  readonly key: string;
  readonly timestampNs: bigint;
  readonly bytes: Uint8Array;
  /** Its place in EVENT_CLASSES. */
  readonly rank: number;
}

/** What publishing needs of the durable outbox that the wiring hands it. */
export interface Queue {
  /** Of its file: one that was lost is followed by one with another id. */
  readonly id: string;
  /** Into memory; `make` is handed a number that no event of a queue with this id ever had. */
  push(make: (id: number) => QueuedEvent): void;
  /** To the disk, perhaps beside this thread: resolves when it is there. Never rejects; what could not be written is tried again. */
  commit(): Promise<void>;
  /** Committed events after `afterId` in their order. */
  read(afterId: number, maxEvents: number, maxBytes: number): readonly QueueEntry[];
  /** Everything up to this id is done. */
  acknowledge(id: number): void;
  readonly acknowledgedTo: number;
  readonly committedTo: number;
  waiting(): { readonly events: number; readonly bytes: number };
  dropped(): readonly { readonly class: string; readonly count: number; readonly lastAt: number }[];
  problem(): string | undefined;
}

export interface QueueEntry {
  readonly id: number;
  readonly bytes: Uint8Array;
}
