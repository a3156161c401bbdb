/** What a log keeps of a message. */
export interface EnvelopeRecord {
  readonly key: string;
  readonly timestampNs: bigint;
  readonly kind: string;
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** What the bus needs of a log. */
export interface EnvelopeLog {
  /** Names this log among all that there ever were. */
  readonly id: string;
  /** Resolves when the bytes are on disk; rejects with an EnvelopeRefusal where they are not. */
  append(record: EnvelopeRecord): Promise<'stored' | 'duplicate'>;
  /** The same for several, of which all or none are kept; the answers in their order. */
  appendAll(records: readonly EnvelopeRecord[]): Promise<readonly ('stored' | 'duplicate')[]>;
  waiting(): number;
  ratePerSecond(): number;
}

/** How a log says no: worth trying again after `retryMs`. `share`: to this source only, which holds too much of it. */
export interface EnvelopeRefusal {
  readonly reason: 'busy' | 'full' | 'share' | 'failed';
  readonly message: string;
  readonly retryMs: number;
}
