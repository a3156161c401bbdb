import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { exclusively } from '../lib/exclusive.ts';
import { refuseWide } from '../lib/private-file.ts';
import type { Peer } from '../model/peer.ts';
import { Refusal } from './refusal.ts';
import { EMPTY, type HeldCertificate, type Member, pruned, type RegistryState } from './registry-state.ts';
import { checkEnrolment, copiedLine, judge, type Verdict } from './rules.ts';
import { newSecret, secretHash, secretId } from './token.ts';

const FILE = 'registry.json';

/** What the registry is told of a certificate that was signed. */
export type IssuedFacts = Omit<HeldCertificate, 'state'>;

interface Known {
  readonly members: Map<string, Member>;
  readonly certificates: Map<string, { readonly member: Member; readonly held: HeldCertificate }>;
}

/**
 * Who may come in: the hosts and clients of a hub, their certificates and the tokens, in `registry.json`. It is written whole
 * or not at all, under a lock, so that the hub and commands may change it at the same time; each change is made to what
 * is on disk then. Only what is listed is let in: a certificate that the authority signed and nobody entered is refused.
 */
export class Registry {
  readonly #folder: string;
  readonly #clock: Clock;
  #stamp = '';
  #state: RegistryState = EMPTY;
  #known: Known = index(EMPTY);

  /** Throws UserError where it cannot be read, or others could read it. */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    makePrivateDirectory(folder);
    this.refresh();
  }

  members(): readonly Member[] {
    return this.#state.members;
  }

  tokens(): readonly RegistryState['tokens'][number][] {
    return this.#state.tokens;
  }

  /**
   * Takes up what another process wrote: whether there was anything. Costs a `stat`. A file that is gone changes nothing:
   * whoever removes it while the hub runs has not revoked anybody.
   */
  refresh(): boolean {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
    if (stamp === this.#stamp || !stat) return false;
    this.#take(this.#read(), stamp);
    return true;
  }

  /** The secret of a new token; what is kept of it does not tell it. `name`: the only host that it enrols. */
  createToken(ttlMs: number, name?: string): { readonly secret: string; readonly expiresAt: number } {
    const secret = newSecret();
    const createdAt = this.#clock.now();
    const expiresAt = createdAt + ttlMs;
    const token = { id: secretId(secret), hash: secretHash(secret), createdAt, expiresAt };
    this.#change(({ tokens }) => {
      tokens.push(name === undefined ? token : { ...token, name });
    });
    return { secret, expiresAt };
  }

  /** Throws UserError where there is no such token. */
  revokeToken(id: string): void {
    this.#change(({ tokens }) => {
      const token = tokens.find((one) => one.id === id);
      if (!token)
        throw new UserError(`no token is called '${id}'; 'homeostat hub token list' shows those there are`);
      token.revokedAt ??= this.#clock.now();
    });
  }

  /** Throws Refusal where this secret cannot enrol this name now. Uses nothing up. */
  checkEnrolment(secret: string, name: string): void {
    this.refresh();
    checkEnrolment(this.#state, secret, name, this.#clock.now());
  }

  /** Uses the token up and enters the host, or throws Refusal and does neither. Of two at once, one wins. */
  enrol(secret: string, name: string, issued: IssuedFacts): void {
    const now = this.#clock.now();
    this.#change((state) => {
      const token = checkEnrolment(state, secret, name, now);
      token.usedAt = now;
      token.usedBy = name;
      state.members = [
        ...state.members.filter((one) => one.name !== name),
        {
          ...{ name, kind: 'host', enrolledAt: now, state: 'enrolled' },
          certificates: [{ ...issued, state: 'valid' }],
        },
      ];
    });
  }

  /** Enters a certificate for a client of others; it may hold several. Throws UserError where a host holds the name. */
  enterClient(name: string, issued: IssuedFacts): void {
    this.#change((state) => {
      const held = state.members.find((one) => one.name === name && one.state !== 'revoked');
      if (held?.kind === 'host')
        throw new UserError(
          `${name} is a host that enrolled: choose another name, or revoke it first with 'homeostat hub revoke ${name}'`,
        );
      const certificate: HeldCertificate = { ...issued, state: 'valid' };
      if (held) {
        held.certificates.push(certificate);
        return;
      }
      state.members = [
        ...state.members.filter((one) => one.name !== name),
        {
          ...{ name, kind: 'client', enrolledAt: this.#clock.now(), state: 'enrolled' },
          certificates: [certificate],
        },
      ];
    });
  }

  /**
   * Enters the successor of a host's certificate. Throws Refusal; where the certificate has a successor in use already, two
   * machines hold it, and the host is refused from then on.
   */
  renew(peer: Peer, issued: IssuedFacts): void {
    this.#outcome(peer, (member, held) => {
      if (member.kind === 'client')
        throw new Refusal(
          'denied',
          `${member.name} is a client that 'homeostat hub issue' made: make its next certificate there`,
        );
      if (held.state === 'superseded') return this.#copied(member);
      for (const one of member.certificates) if (one.state === 'pending') one.state = 'replaced';
      member.certificates.push({ ...issued, state: 'pending' });
      member.renewedAt = this.#clock.now();
      return undefined;
    });
  }

  /** Whether a connection with this certificate may go on. The first use of a successor ends its predecessor. */
  admit(peer: Peer): Verdict {
    let { member, held } = this.#find(peer);
    let verdict = judge(peer.name, member, held, this.#clock.now());
    // Who was entered a moment ago may come before the news of it.
    if (verdict.end !== 'admitted' && this.#refreshed()) {
      ({ member, held } = this.#find(peer));
      verdict = judge(peer.name, member, held, this.#clock.now());
    }
    if (verdict.end === 'admitted' ? held?.state !== 'pending' : verdict.end !== 'copied') return verdict;
    try {
      this.#outcome(peer, () => undefined);
      return verdict;
    } catch (error) {
      if (error instanceof Refusal) return { end: 'refused', reason: error.message };
      // A full disk, say: it is noted at the next use.
      return verdict;
    }
  }

  /** As `admit`, and changes nothing. */
  examine(peer: Peer): Verdict {
    const { member, held } = this.#find(peer);
    return judge(peer.name, member, held, this.#clock.now());
  }

  /** What the signatures of this client's envelopes may be verified with now. */
  signingKeys(name: string): readonly string[] {
    const now = this.#clock.now();
    return (this.#known.members.get(name)?.certificates ?? [])
      .filter(({ state, expiresAt }) => (state === 'valid' || state === 'pending') && now <= expiresAt)
      .flatMap(({ signingKey }) => signingKey ?? []);
  }

  /** Whether a host is or was enrolled under this name. */
  isHost(name: string): boolean {
    return this.#known.members.get(name)?.kind === 'host';
  }

  /** From now on nobody of this name is let in: what it is. Throws UserError where there is none. */
  revoke(name: string): Member['kind'] {
    let kind: Member['kind'] = 'host';
    this.#change(({ members }) => {
      const member = members.find((one) => one.name === name);
      if (!member)
        throw new UserError(
          `no host or client is called '${name}'; 'homeostat hub hosts' shows those there are`,
        );
      kind = member.kind;
      if (member.state === 'revoked') return;
      member.state = 'revoked';
      member.stateAt = this.#clock.now();
    });
    return kind;
  }

  /** Certificates of authorities that are not among these are no longer let in. */
  retireOthers(authorities: readonly string[]): void {
    this.#change(({ members }) => {
      for (const { certificates } of members)
        for (const one of certificates)
          if ((one.state === 'valid' || one.state === 'pending') && !authorities.includes(one.authority))
            one.state = 'retired';
    });
  }

  /** As `refresh`; a file that cannot be read is told by whoever looks regularly. */
  #refreshed(): boolean {
    try {
      return this.refresh();
    } catch {
      return false;
    }
  }

  get #path(): string {
    return join(this.#folder, FILE);
  }

  #find({ name, serial }: Peer): { readonly member?: Member; readonly held?: HeldCertificate } {
    const found = this.#known.certificates.get(serial);
    if (found?.member.name === name) return found;
    const member = this.#known.members.get(name);
    return member ? { member } : {};
  }

  /** Judges by what is on disk, then works on it. A Refusal that `work` returns is thrown after its change was kept. */
  #outcome(peer: Peer, work: (member: Member, held: HeldCertificate) => Refusal | undefined): void {
    const refusal = this.#change((state) => {
      const { members, certificates } = index(state);
      const found = certificates.get(peer.serial);
      const held = found?.member.name === peer.name ? found.held : undefined;
      const member = members.get(peer.name);
      const verdict = judge(peer.name, member, held, this.#clock.now());
      if (verdict.end === 'refused') return new Refusal('denied', verdict.reason);
      if (!member || !held) return undefined;
      if (verdict.end === 'copied') return this.#copied(member);
      if (held.state === 'pending') {
        for (const one of member.certificates) if (one.state === 'valid') one.state = 'superseded';
        held.state = 'valid';
      }
      return work(member, held);
    });
    if (refusal) throw refusal;
  }

  #copied(member: Member): Refusal {
    member.state = 'copied';
    member.stateAt = this.#clock.now();
    return new Refusal('denied', copiedLine(member));
  }

  #change<T>(work: (state: RegistryState) => T): T {
    return exclusively(join(this.#folder, 'registry.lock'), () => {
      const state = pruned(structuredClone(this.#read()), this.#clock.now());
      const answer = work(state);
      writeFileAtomic(this.#path, `${JSON.stringify(state, null, 1)}\n`);
      const { ino, size, mtimeMs } = statSync(this.#path);
      this.#take(state, `${ino} ${size} ${mtimeMs}`);
      return answer;
    });
  }

  #take(state: RegistryState, stamp: string): void {
    this.#state = state;
    this.#known = index(state);
    this.#stamp = stamp;
  }

  #read(): RegistryState {
    let text: string;
    try {
      refuseWide(this.#path, 0o600);
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#state;
      throw error;
    }
    try {
      const state = JSON.parse(text) as RegistryState;
      if (state.version === 1 && Array.isArray(state.members) && Array.isArray(state.tokens)) return state;
      throw new Error(`version ${state.version}`);
    } catch (error) {
      throw new UserError(
        `${this.#path}: who may come in cannot be read (${errorMessage(error)}); bring it back from a backup, or move it away and enrol all hosts anew`,
      );
    }
  }
}

function index(state: RegistryState): Known {
  const members = new Map(state.members.map((member) => [member.name, member]));
  const certificates = new Map(
    state.members.flatMap((member) =>
      member.certificates.map((held) => [held.serial, { member, held }] as const),
    ),
  );
  return { members, certificates };
}
