import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { refuseWide } from '../lib/private-file.ts';

/** What a host shows to its hub, and what it trusts. */
export interface HubCredentials {
  /** Where the hub takes events: `10.0.0.5:50051`. */
  readonly address: string;
  /** This host's name at the hub: the common name of its certificate. */
  readonly name: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly authorities: string;
  /** When the certificate ends, ms since the epoch. */
  readonly endsAt: number;
}

const KEY = 'host.key';
const FILES = [KEY, 'host.pem', 'ca.pem', 'hub.json'] as const;

/** What enrolment left in a folder. The files may be renewed at any time. */
export class CredentialFiles {
  readonly #folder: string;
  readonly #address: string | undefined;

  /** `address`: of the hub, where it is not the one of the enrolment. */
  constructor(folder: string, address: string | undefined) {
    this.#folder = folder;
    this.#address = address;
  }

  /** Throws UserError where they are missing, broken, or where others could read the key. */
  read(): HubCredentials {
    try {
      refuseWide(this.#folder, 0o700);
      refuseWide(join(this.#folder, KEY), 0o600);
      const [key, certificate, authorities] = FILES.slice(0, 3).map((file) => this.#text(file));
      const parsed = new X509Certificate(certificate!);
      const name = /^CN=(.+)$/m.exec(parsed.subject)?.[1] ?? '';
      const address = this.#address ?? addressIn(this.#text('hub.json'));
      return {
        ...{ address, name, key: key!, certificate: certificate!, authorities: authorities! },
        endsAt: Date.parse(parsed.validTo),
      };
    } catch (error) {
      if (error instanceof UserError) throw error;
      const why =
        errorCode(error) === 'ENOENT' ? 'this host is not enrolled' : `unreadable: ${errorMessage(error)}`;
      throw new UserError(
        `${this.#folder}: ${why}; run 'homeostat hub token create' where the hub runs, and here the line that it prints`,
      );
    }
  }

  /** Changes when one of the files does. */
  version(): string {
    return FILES.map(
      (file) => statSync(join(this.#folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    ).join(' ');
  }

  #text(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }
}

function addressIn(json: string): string {
  const { address } = JSON.parse(json) as { address?: unknown };
  if (typeof address === 'string' && address !== '') return address;
  throw new Error('hub.json has no address');
}
