import { statSync, watch } from 'node:fs';
import { join } from 'node:path';
import {
  ExamineRequest,
  ExamineResponse,
  RenewRequest,
  RenewResponse,
} from '../../proto/generated/homeostat/v1/identity.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { TlsCredentials } from '../lib/tls-credentials.ts';
import type { Peer, Signed } from '../model/peer.ts';
import { decode, statusOf } from './answers.ts';
import { Authority, type Credentials } from './authority.ts';
import { Issuer } from './issuer.ts';
import { Registry } from './registry.ts';
import { clockDifference } from './rules.ts';
import { SigningKeys } from './signing-key.ts';

export interface HubIdentityOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Names and addresses under which hosts reach the hub, besides its own. */
  readonly names: readonly string[];
}

/** How often it is looked whether a certificate ran out or a command changed something that nobody told. */
const SWEEP_MS = 5000;
/** A client that is refused comes again and again: its line is written once in so long. */
const REPEAT_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Who the hub is and whom it lets in, while it runs: its authority, the registry, the credentials of its two ports. What
 * commands change (a host revoked, another authority) is taken up at once.
 */
export class HubIdentity {
  readonly busCredentials: TlsCredentials;
  readonly enrolmentCredentials: TlsCredentials;
  readonly issuer: Issuer;
  readonly #options: HubIdentityOptions;
  readonly #registry: Registry;
  #server: Credentials;
  /** When it was looked whether the hub's own certificate is due, monotonic ms. */
  #serverAt: number;
  #stamp: string | undefined;
  /** When a refusal was written last, by client. */
  readonly #told = new Map<string, number>();
  readonly #signingKeys = new SigningKeys();
  #checking: Promise<void> = Promise.resolve();
  /** Why the last look at the files failed. */
  #trouble: string | undefined;

  private constructor(
    options: HubIdentityOptions,
    registry: Registry,
    authority: Authority,
    server: Credentials,
  ) {
    this.#options = options;
    this.#registry = registry;
    this.#server = server;
    this.#serverAt = options.clock.monotonic();
    this.#stamp = this.#stampNow();
    this.issuer = new Issuer(registry, authority, options.clock);
    this.enrolmentCredentials = new TlsCredentials(server);
    this.busCredentials = new TlsCredentials({ ...server, clientAuthorities: authority.certificate });
  }

  /** The hosts that were enrolled, and whether each is still let in. */
  hosts(): readonly { readonly name: string; readonly welcome: boolean }[] {
    return this.#registry
      .members()
      .filter(({ kind }) => kind === 'host')
      .map(({ name, state }) => ({ name, welcome: state === 'enrolled' }));
  }

  /** Makes the authority where there is none. Throws UserError where others could read keys. */
  static async open(options: HubIdentityOptions): Promise<HubIdentity> {
    const { folder, clock, names } = options;
    const authority = await Authority.open(folder, clock);
    const server = await authority.server(names);
    return new HubIdentity(options, new Registry(folder, clock), authority, server);
  }

  /** Why this client is not let in, or its open stream is to end; undefined: it may. */
  refusal(peer: Peer, open = false): string | undefined {
    const verdict = this.#registry.admit(peer);
    // A host that has just renewed leaves its old stream by itself.
    if (verdict.end === 'admitted' || (open && verdict.end === 'superseded')) return undefined;
    return this.#refuse(peer, verdict.reason);
  }

  /** Whether a host is or was enrolled under this name: others may publish, and are none. */
  isHost(name: string): boolean {
    return this.#registry.isHost(name);
  }

  /** Why this is no signature of the client over these bytes; undefined: it is one. */
  signatureRefusal(peer: Peer, { body, signature }: Signed): string | undefined {
    const keys = this.#registry.signingKeys(peer.name);
    if (keys.length === 0)
      return this.#refuse(
        peer,
        `no key for signatures is enrolled for ${peer.name}: run 'homeostat hub issue ${peer.name}' on the hub`,
      );
    if (signature.length === 0) return this.#refuse(peer, 'sig is missing: only signed envelopes are taken');
    if (this.#signingKeys.verifies(keys, body, signature)) return undefined;
    return this.#refuse(peer, `sig does not verify under a key that is enrolled for ${peer.name}`);
  }

  /** The same reason, which the log says too. */
  #refuse(peer: Peer, reason: string): string {
    const now = this.#options.clock.monotonic();
    if (now - (this.#told.get(peer.name) ?? Number.NEGATIVE_INFINITY) >= REPEAT_MS) {
      if (this.#told.size >= 1000) this.#told.clear();
      this.#told.set(peer.name, now);
      this.#options.log.warn(`refused: ${reason}`, { client: peer.name });
    }
    return reason;
  }

  /** Calls for those who have a certificate, on the port where they publish. */
  services(): Readonly<Record<string, (request: Buffer, peer: Peer) => Promise<Uint8Array>>> {
    const { clock, log } = this.#options;
    const asked =
      (name: string, answer: (request: Buffer, peer: Peer) => Promise<Uint8Array>) =>
      async (request: Buffer, peer: Peer): Promise<Uint8Array> => {
        try {
          return await answer(request, peer);
        } catch (error) {
          throw statusOf(error, `${name} for ${peer.name}`, log);
        }
      };
    return {
      '/homeostat.v1.IdentityService/Renew': asked('Renew', async (bytes, peer) => {
        const request = decode(() => RenewRequest.decode(bytes));
        const { certificate, authorities } = await this.issuer.renew(peer, request);
        log.info(`${peer.name} renewed its certificate`, { host: peer.name });
        this.#tellClocks(peer, request.hostTimeMs);
        return RenewResponse.encode({
          ...{ certificate, authorities, hubTimeMs: BigInt(clock.now()) },
        }).finish();
      }),
      '/homeostat.v1.IdentityService/Examine': asked('Examine', async (bytes, peer) => {
        this.#tellClocks(peer, decode(() => ExamineRequest.decode(bytes)).hostTimeMs);
        const reason = this.refusal(peer) ?? '';
        return ExamineResponse.encode({
          ...{ admitted: reason === '', reason, hubTimeMs: BigInt(clock.now()) },
        }).finish();
      }),
    };
  }

  /** Looks after all of it until the answer is called; `changed`: who is let in may have changed. */
  watch(changed: () => void): () => void {
    let waits = false;
    const check = (): void => {
      // One change of a file is several events.
      if (waits) return;
      waits = true;
      this.#checking = this.#checking.then(async () => {
        waits = false;
        await this.#check().then(
          () => this.#problem(undefined),
          (error) => this.#problem(errorMessage(error)),
        );
        changed();
      });
    };
    const sweep = setInterval(check, SWEEP_MS).unref();
    const watcher = watch(this.#options.folder, { persistent: false }, check);
    // A folder that is gone is seen no more; the sweep goes on.
    watcher.on('error', () => watcher.close());
    return () => {
      clearInterval(sweep);
      watcher.close();
    };
  }

  /** Said once for as long as it lasts. */
  #problem(line: string | undefined): void {
    if (line !== undefined && line !== this.#trouble) this.#options.log.warn(`identity: ${line}`);
    this.#trouble = line;
  }

  async #check(): Promise<void> {
    const { folder, clock, log, names } = this.#options;
    this.#registry.refresh();
    const stamp = this.#stampNow();
    let { authority } = this.issuer;
    if (stamp !== this.#stamp && stamp !== undefined) {
      authority = await Authority.open(folder, clock);
      this.#stamp = stamp;
      log.info('the authority was changed', { until: authority.transitionEnds });
    }
    if (authority.transitionEnds !== undefined && this.#transitionIsOver(authority)) {
      authority = await authority.endTransition();
      this.#registry.retireOthers(authority.trusted);
      this.#stamp = this.#stampNow();
      log.info('the previous authority is no longer trusted');
    }
    const same = authority === this.issuer.authority;
    if (same && clock.monotonic() - this.#serverAt < HOUR_MS) return;
    this.#serverAt = clock.monotonic();
    const server = await authority.server(names);
    if (same && server.certificate === this.#server.certificate) return;
    this.#server = server;
    this.issuer.authority = authority;
    this.enrolmentCredentials.exchange(server);
    this.busCredentials.exchange({ ...server, clientAuthorities: authority.certificate });
  }

  /** The stated time has passed, or nobody has a certificate of the previous authority, and no token pins it, any more. */
  #transitionIsOver(authority: Authority): boolean {
    const now = this.#options.clock.now();
    if (now >= authority.transitionEnds!) return true;
    const [current] = authority.trusted;
    const needed = this.#registry
      .members()
      .some(
        ({ state, certificates }) =>
          state === 'enrolled' &&
          certificates.some(
            (one) => one.state === 'valid' && one.expiresAt > now && one.authority !== current,
          ),
      );
    const pinned = this.#registry
      .tokens()
      .some(
        ({ usedAt, revokedAt, expiresAt }) =>
          usedAt === undefined && revokedAt === undefined && expiresAt > now,
      );
    return !needed && !pinned;
  }

  #tellClocks(peer: Peer, hostTimeMs: bigint): void {
    const difference = clockDifference(Number(hostTimeMs), this.#options.clock.now());
    if (difference) this.#options.log.warn(`${peer.name}: ${difference}`, { host: peer.name });
  }

  /** Changes whenever the files of the authority do; undefined where they are gone, which changes nothing. */
  #stampNow(): string | undefined {
    const [current, previous] = ['ca.pem', 'previous.pem']
      .map((name) => statSync(join(this.#options.folder, name), { throwIfNoEntry: false }))
      .map((stat) => (stat ? `${stat.ino} ${stat.mtimeMs}` : ''));
    return current ? `${current}, ${previous}` : undefined;
  }
}
