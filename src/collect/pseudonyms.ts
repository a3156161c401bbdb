/** Hides which machine it was: its name, hardware addresses and IPv4 addresses; the same one gets the same name each time. */
export class Pseudonyms {
  readonly #hostName: RegExp | undefined;
  readonly #known = new Map<string, string>();
  #hardware = 0;
  #addresses = 0;

  /** The name of the machine, as `hostname` gives it; of a domain name the first part is hidden wherever it stands. */
  constructor(hostName: string) {
    const first = hostName.split('.')[0] ?? '';
    // A name of one or two letters would be found in half of all words.
    this.#hostName = first.length < 3 ? undefined : new RegExp(`\\b${RegExp.escape(first)}\\b`, 'gi');
  }

  apply(text: string): string {
    const hidden = this.#hostName ? text.replaceAll(this.#hostName, 'host') : text;
    return hidden
      .replaceAll(/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi, (address) =>
        this.#name(address, () => this.#nextHardware()),
      )
      .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (address) =>
        /^(?:127\.|0\.)/.test(address) ? address : this.#name(address, () => this.#nextAddress()),
      );
  }

  #name(address: string, make: () => string): string {
    const known = this.#known.get(address) ?? make();
    this.#known.set(address, known);
    return known;
  }

  /** Locally administered, so it belongs to nobody. */
  #nextHardware(): string {
    const number = (this.#hardware++).toString(16).padStart(4, '0');
    return `02:00:00:00:${number.slice(-4, -2)}:${number.slice(-2)}`;
  }

  /** From 198.18.0.0/15, which is set aside for tests (RFC 2544). */
  #nextAddress(): string {
    const number = this.#addresses++;
    return `198.18.${(number >> 8) & 255}.${number & 255}`;
  }
}
