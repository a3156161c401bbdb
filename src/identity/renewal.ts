import { X509Certificate } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { duration, printable } from '../lib/text.ts';
import { type HostIdentity, readHostIdentity, replaceCertificate, unusable } from './host-identity.ts';
import { CallError, IdentityClient } from './identity-client.ts';
import { clockDifference, iso } from './rules.ts';

export interface RenewalOptions {
  /** `<data>/identity`. */
  readonly folder: string;
  /** Where the hub takes events, `host:port`, where it is not the address of the enrolment. */
  readonly hub?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1): spreads the renewals of many hosts, and their attempts. */
  readonly random?: () => number;
}

/** How the host stands with its hub; `problem` is a line for people. */
export interface RenewalState {
  readonly name: string | undefined;
  /** ms since the epoch. */
  readonly expiresAt: number | undefined;
  readonly dueAt: number;
  readonly problem: string | undefined;
}

const LOOK_MS = 60_000;
/** Renewed when between 60 and 70 % of its life have passed, so that a hub may be away for hours. */
const DUE = 0.6;
const JITTER = 0.1;
/** Attempts: full jitter over a span that doubles from the first to the last. */
const FIRST_MS = 60_000;
const LAST_MS = 30 * 60_000;

/**
 * Keeps this host's certificate valid without a restart: renews it early, over the port where the host publishes, and tries
 * again while the hub is away. The key stays the same, so that one file is replaced at once and no reader ever sees a key
 * and a certificate that do not fit; a copied key shows at the hub, where its renewals fork. Never throws.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #random: () => number;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #certificate: string | undefined;
  #name: string | undefined;
  #expiresAt: number | undefined;
  /** When it is due by the hub's clock, ms since the epoch. */
  #dueAt = Number.POSITIVE_INFINITY;
  /** Not before that, monotonic ms. */
  #holdUntil = Number.NEGATIVE_INFINITY;
  /** The hub's clock less this one's, as of its last answer, ms. */
  #offset = 0;
  #failures = 0;
  #problem: string | undefined;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Looks now and then every minute what is due; a timer for hours would not count those that the machine sleeps. */
  start(): void {
    const look = (): void => void this.look();
    this.#timer = setInterval(look, LOOK_MS).unref();
    look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  state(): RenewalState {
    return {
      name: this.#name,
      expiresAt: this.#expiresAt,
      dueAt: this.#dueAt,
      problem: this.#problem,
    };
  }

  /** Does what is due, and resolves when it is done. `now`: renews although it is not. */
  look(now = false): Promise<void> {
    this.#working ??= this.#look(now).finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #look(renewNow: boolean): Promise<void> {
    const { folder, hub } = this.#options;
    try {
      const kept = readHostIdentity(folder);
      const identity = kept && hub !== undefined ? movedTo(kept, hub) : kept;
      if (!identity) return this.#say(`this host is not enrolled: ${folder} has no identity`);
      if (identity.certificate !== this.#certificate) await this.#meet(identity);
      if (renewNow || this.#isDue()) await this.#renew(identity);
    } catch (error) {
      this.#say(errorMessage(error));
    }
  }

  /** By either clock: one of them may be wrong, and to be early costs nothing. */
  #isDue(): boolean {
    const { clock } = this.#options;
    if (clock.monotonic() < this.#holdUntil) return false;
    return clock.now() + Math.max(0, this.#offset) >= this.#dueAt;
  }

  /** A certificate that was not seen before: at the start, or after somebody enrolled anew. */
  async #meet(identity: HostIdentity): Promise<void> {
    this.#adopt(identity);
    // That it is refused is to be known now, not when it is due.
    await this.#examine(identity);
  }

  #adopt({ certificate, name }: Pick<HostIdentity, 'certificate' | 'name'>): void {
    const parsed = new X509Certificate(certificate);
    const [from, to] = [Date.parse(parsed.validFrom), Date.parse(parsed.validTo)];
    this.#certificate = certificate;
    this.#name = name;
    this.#expiresAt = to;
    this.#failures = 0;
    this.#holdUntil = Number.NEGATIVE_INFINITY;
    this.#dueAt = from + (to - from) * (DUE + JITTER * this.#random());
  }

  async #renew(identity: HostIdentity): Promise<void> {
    const { folder, clock } = this.#options;
    // Loaded when it is needed first: it brings a library of some MB.
    const { signingRequest } = await import('./signing-request.ts');
    const client = new IdentityClient(identity.address, identity);
    try {
      const answer = await client.renew({
        signingRequest: await signingRequest(identity.name, identity.key),
        hostTimeMs: BigInt(clock.now()),
      });
      const renewed = { ...identity, certificate: answer.certificate, authorities: answer.authorities };
      const wrong = unusable(renewed);
      if (wrong) throw new Error(`the hub handed out a certificate that ${wrong}`);
      replaceCertificate(folder, renewed);
      this.#adopt(renewed);
      // A clock that is far ahead finds the new one due as well; the hub is not asked again and again for that.
      this.#holdUntil = clock.monotonic() + LAST_MS;
      this.#say(this.#compare(answer.hubTimeMs));
      // Its first use ends its predecessor, so that a copy of that one is found.
      await this.#examine(renewed);
    } catch (error) {
      await this.#failed(identity, error);
    } finally {
      client.close();
    }
  }

  async #failed(identity: HostIdentity, error: unknown): Promise<void> {
    const { clock } = this.#options;
    const span = Math.min(LAST_MS, FIRST_MS * 2 ** this.#failures++);
    this.#holdUntil = clock.monotonic() + span * this.#random();
    if (error instanceof CallError && error.refused) return this.#say(`the hub refused: ${error.message}`);
    const told = (await this.#askWhy(identity)) ?? distrust(identity, errorMessage(error), clock.now());
    const left = this.#expiresAt! - clock.now();
    this.#say(
      told ??
        (left < 0
          ? ranOut(identity, this.#expiresAt!)
          : `the certificate cannot be renewed yet (the hub at ${identity.address}: ${errorMessage(error)}); it is valid for ${duration(left)}, and it is tried again`),
    );
  }

  /** Shows itself to the hub; a hub that is away is no news here. */
  async #examine(identity: HostIdentity): Promise<void> {
    const { clock } = this.#options;
    const client = new IdentityClient(identity.address, identity);
    try {
      const hostTimeMs = BigInt(clock.now());
      const { reason, hubTimeMs } = await client.examine({ certificate: Buffer.alloc(0), hostTimeMs });
      this.#say(reason || this.#compare(hubTimeMs));
    } catch {
      const told = await this.#askWhy(identity);
      if (told) this.#say(told);
    } finally {
      client.close();
    }
  }

  /** TLS ends a connection without a word; on the port for enrolment the hub says what is wrong with a certificate. */
  async #askWhy({ enrolment, authorities, certificate }: HostIdentity): Promise<string | undefined> {
    const { clock } = this.#options;
    const client = new IdentityClient(enrolment, { authorities });
    try {
      const der = new X509Certificate(certificate).raw;
      const answer = await client.examine({ certificate: der, hostTimeMs: BigInt(clock.now()) });
      const lines = [answer.reason, this.#compare(answer.hubTimeMs)].filter(Boolean);
      return lines.length > 0 ? lines.join('; ') : undefined;
    } catch {
      return undefined;
    } finally {
      client.close();
    }
  }

  #compare(hubTimeMs: bigint): string | undefined {
    const now = this.#options.clock.now();
    this.#offset = Number(hubTimeMs) - now;
    return clockDifference(now, Number(hubTimeMs));
  }

  /** Each problem is said once, and once that it is over. */
  #say(problem: string | undefined): void {
    const { log } = this.#options;
    const line = problem === undefined ? undefined : printable(problem);
    if (line === this.#problem) return;
    if (line !== undefined) log.warn(`identity: ${line}`);
    else log.info(`identity: ${this.#name} is well known to its hub again`);
    this.#problem = line;
  }
}

/** The port for enrolment is still the one it was. */
const movedTo = (identity: HostIdentity, hub: string): HostIdentity => ({
  ...identity,
  address: hub,
  enrolment: hub.replace(/\d+$/, /\d+$/.exec(identity.enrolment)?.[0] ?? ''),
});

/** What OpenSSL's words for the hub's certificate mean for a person, or undefined where they are about something else. */
function distrust({ address, name }: HostIdentity, said: string, now: number): string | undefined {
  if (/certificate (?:is not yet valid|has expired)/i.test(said))
    return `the certificate of the hub at ${address} is not valid by this host's clock (${iso(now)}): set the clocks of both (NTP)`;
  if (/self-signed|issuer certificate|first certificate|signature failure/i.test(said))
    return `what answers at ${address} does not come from an authority that this host trusts: it is another hub, or its authority was replaced while this host was away; then run 'homeostat hub token create --name ${name}' on the hub and what it prints here`;
  return undefined;
}

const ranOut = ({ name }: HostIdentity, expiresAt: number): string =>
  `the certificate of ${name} ran out at ${iso(expiresAt)} by this host's clock: run 'homeostat hub token create --name ${name}' on the hub and what it prints here`;
