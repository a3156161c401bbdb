/** Why the hub says no: what was asked is nonsense, is not allowed, is taken, cannot be now, or comes too often. */
export type RefusalKind = 'invalid' | 'denied' | 'taken' | 'unready' | 'busy';

/** What the hub answers to whoever asks for a certificate; `message` is one line that a person can act on, on either side. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
