import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { AttemptLimit } from '../../lib/attempt-limit.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { isLoopback } from '../../lib/network-address.ts';
import { type AccessToken, mayAs, type Role, type SessionAnswer } from '../../model/access.ts';
import { HttpError } from '../http-error.ts';
import { type Invited, useLoginCode } from './login-code.ts';
import { newSecret } from './secret.ts';
import { Sessions } from './sessions.ts';
import { type KeptToken, readTokens, revokeToken, TokenFile, told } from './token-file.ts';

export interface DoorOptions {
  /** An address or name that the server is bound to, and its port. */
  readonly host: string;
  readonly port: number;
  /** Where named tokens and links are kept; left out: there are none. */
  readonly folder?: string;
  /** `serve.token`: whoever shows it is an admin. */
  readonly token?: string;
  /** `serve.sign_in`. */
  readonly signIn?: 'remote' | 'always';
  readonly clock: Clock;
  readonly log?: Pick<Log, 'info' | 'warn'>;
}

/** Who asks, where that is known. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** ms since the epoch; null: until it is revoked. */
  readonly expiresAt: number | null;
  /** Of a browser that is signed in; undefined where the token itself came with the request. */
  readonly session?: { readonly id: string; readonly csrfToken: string };
  /** The hash of the named token behind it. */
  readonly tokenHash?: string;
}

const LOOK_MS = 1000;
const HOW = "open the link that 'homeostat open' prints, or show a token of 'homeostat access create'";

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Hashes have one length: the comparison takes the same time wherever the texts differ. */
const same = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

/**
 * Who may come in, and what for. A named token and a session have 256 random bits and are looked up at once; whatever a person may have
 * chosen (`serve.token`), and whatever is wrong, is counted by address.
 */
export class Door {
  /** Whoever reaches the address may look. */
  readonly readingIsOpen: boolean;
  /** What commands of this machine show, where something must be shown; whoever reads the data folder finds it in the run file. */
  readonly ownToken: string | undefined;
  readonly #options: DoorOptions;
  readonly #cookieName: string;
  readonly #tokens: TokenFile | undefined;
  readonly #sessions: Sessions;
  readonly #attempts: AttemptLimit;
  readonly #streams = new Map<ServerResponse, Caller>();
  #watch: NodeJS.Timeout | undefined;

  constructor(options: DoorOptions) {
    const { host, port, folder, token, signIn, clock, log } = options;
    this.#options = options;
    this.readingIsOpen = isLoopback(host) && token === undefined && signIn !== 'always';
    this.ownToken = token ?? (this.readingIsOpen ? undefined : newSecret());
    // Cookies are shared by all ports of a host: two daemons must not log each other out.
    this.#cookieName = `homeostat-${port}`;
    if (folder !== undefined) this.#tokens = new TokenFile(folder, (problem) => log?.warn(problem));
    this.#sessions = new Sessions(clock);
    this.#attempts = new AttemptLimit(clock);
  }

  /** Undefined where nobody says who asks, or a session ended. Throws HttpError 401 for a wrong token, 429 after too many. */
  caller({ headers, socket }: IncomingMessage): Caller | undefined {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return this.#ofToken(bearer, socket.remoteAddress);
    const id = this.#sessionId(headers);
    const session = id === undefined ? undefined : this.#sessions.use(id);
    if (id === undefined || !session) return undefined;
    const { name, role, tokenHash, csrfToken, expiresAt } = session;
    const caller = {
      ...{ name, role, expiresAt, session: { id, csrfToken } },
      ...(tokenHash !== undefined && { tokenHash }),
    };
    return this.#isStillIn(caller) ? caller : undefined;
  }

  /** Throws HttpError unless the caller may do what needs that role. Looking is free where reading is open. */
  require(caller: Caller | undefined, needed: Role, what: string): void {
    if (caller && mayAs(caller.role, needed)) return;
    if (caller) {
      this.#options.log?.warn(`refused: ${caller.name} (${caller.role}) may not ${what}`);
      throw new HttpError(
        403,
        `${caller.name} has the role ${caller.role}, and this needs ${needed}: sign in with a token of that role`,
      );
    }
    if (needed !== 'view') throw new HttpError(401, `this needs somebody with the role ${needed}: ${HOW}`);
    if (!this.readingIsOpen) throw new HttpError(401, `you are not signed in: ${HOW}`);
  }

  /** As `require`, and somebody must be known: a change is never free. */
  requireKnown(caller: Caller | undefined, needed: Role, what: string): void {
    if (!caller) throw new HttpError(401, `a change needs somebody with the role ${needed}: ${HOW}`);
    this.require(caller, needed, what);
  }

  /** Throws HttpError 403 unless a page of ours, or a program with a token, sends a change. */
  requireOwnPage({ headers }: IncomingMessage, caller: Caller | undefined): void {
    const site = headers['sec-fetch-site'];
    const isBearer = caller !== undefined && caller.session === undefined;
    // Browsers name the origin of each change; whether it is ours was looked at before.
    if ((site !== undefined && site !== 'same-origin') || (headers.origin === undefined && !isBearer))
      throw new HttpError(403, "a change must come from this dashboard's own page, or with a bearer token");
    if (!caller?.session) return;
    const given = headers['x-csrf-token'];
    if (typeof given !== 'string' || !same(given, caller.session.csrfToken))
      throw new HttpError(
        403,
        'the header X-CSRF-Token is missing or wrong: GET /api/v1/session tells the right one; reload the page',
      );
  }

  /** Begins a session for whoever shows a token, and returns its cookie. Throws HttpError 401 or 429. */
  signIn(token: string, request: IncomingMessage): string {
    return this.#begin(this.#ofToken(token, request.socket.remoteAddress), request);
  }

  /** As `signIn`, with `serve.token` alone, as it stood in a link: a named token has no place in an address. */
  openTokenLink(token: string, request: IncomingMessage): string {
    return this.#begin(this.#ofOwner(token, request.socket.remoteAddress), request);
  }

  /** As `signIn`, with the code of a link that holds once. */
  openLink(code: string, request: IncomingMessage): string {
    const { folder, clock } = this.#options;
    const address = request.socket.remoteAddress;
    this.#requireAttempt(address);
    const invited = folder === undefined ? undefined : useLoginCode(folder, code, clock.now());
    if (!invited) {
      this.#refused(address, 'a link that was used before, is older than 5 minutes, or is wrong');
      throw new HttpError(
        401,
        "the link was used before, is older than 5 minutes, or is wrong: 'homeostat open' makes a new one",
      );
    }
    return this.#begin(invited, request);
  }

  /** Ends the session and returns the cookie that removes its own. */
  signOut(caller: Caller): string {
    if (caller.session) this.#sessions.end(caller.session.id);
    this.#options.log?.info(`${caller.name} (${caller.role}) signed out`);
    this.#look();
    return `${this.#cookieName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`;
  }

  session(caller: Caller | undefined): SessionAnswer {
    return {
      signedIn: caller !== undefined,
      readingIsOpen: this.readingIsOpen,
      name: caller?.name ?? null,
      role: caller?.role ?? null,
      expiresAt: caller?.expiresAt ?? null,
      csrfToken: caller?.session?.csrfToken ?? null,
    };
  }

  /** The named tokens, oldest first. Throws a UserError where they cannot be read. */
  tokens(): readonly AccessToken[] {
    const { folder } = this.#options;
    return folder === undefined ? [] : readTokens(folder).map(told);
  }

  /** As of that name; undefined where there is none. What began with it ends at once. */
  revoke(name: string): AccessToken | undefined {
    const { folder } = this.#options;
    const revoked = folder === undefined ? undefined : revokeToken(folder, name);
    this.#look();
    return revoked;
  }

  /** Ends a live stream within a second after its caller may no longer read. */
  endWith(caller: Caller | undefined, stream: ServerResponse): void {
    if (!caller) return;
    this.#streams.set(stream, caller);
    stream.on('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.close();
    });
    this.#watch ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #look(): void {
    for (const [stream, caller] of this.#streams) if (!this.#isStillIn(caller)) stream.end();
  }

  #isStillIn({ session, tokenHash }: Caller): boolean {
    if (session && !this.#sessions.holds(session.id)) return false;
    return tokenHash === undefined || (this.#tokens?.holds(tokenHash, this.#options.clock.now()) ?? false);
  }

  #begin(who: Invited & Partial<Caller>, request: IncomingMessage): string {
    const { headers } = request;
    // What a browser brought along was perhaps not its own: a session always has a new id.
    const before = this.#sessionId(headers);
    if (before !== undefined) this.#sessions.end(before);
    const { name, role, tokenHash, expiresAt } = who;
    const session = { name, role, ...(tokenHash !== undefined && { tokenHash }) };
    const id = this.#sessions.begin(session, expiresAt ?? undefined);
    this.#options.log?.info(`${name} (${role}) signed in from ${request.socket.remoteAddress}`);
    const isHttps =
      headers['x-forwarded-proto'] === 'https' || headers.origin?.startsWith('https://') === true;
    return `${this.#cookieName}=${id}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict${isHttps ? '; Secure' : ''}`;
  }

  #ofToken(text: string, address: string | undefined): Caller {
    const token = this.#tokens?.find(text);
    return token ? this.#named(token, address) : this.#ofOwner(text, address);
  }

  #named({ name, role, hash, expiresAt }: KeptToken, address: string | undefined): Caller {
    if (expiresAt !== undefined && expiresAt <= this.#options.clock.now()) {
      this.#refused(address, `the token ${name}, which expired`);
      throw new HttpError(401, `the token '${name}' expired: 'homeostat access create' makes a new one`);
    }
    return { name, role, tokenHash: hash, expiresAt: expiresAt ?? null };
  }

  #ofOwner(text: string, address: string | undefined): Caller {
    this.#requireAttempt(address);
    if (this.ownToken !== undefined && same(text, this.ownToken)) {
      const name = this.#options.token === undefined ? 'a command' : 'serve.token';
      return { name, role: 'admin', expiresAt: null };
    }
    this.#refused(address, 'a wrong token');
    const isEnrolment = text.startsWith('hst1_');
    throw new HttpError(
      401,
      isEnrolment
        ? `that token enrols a host at a hub and lets nobody in here: ${HOW}`
        : `the token is wrong or was revoked: ${HOW}`,
    );
  }

  #requireAttempt(address = ''): void {
    const waitMs = this.#attempts.waitMs(address);
    if (waitMs > 0)
      throw new HttpError(
        429,
        `too many wrong tokens or links from ${address}: try again in ${Math.ceil(waitMs / 1000)} s`,
      );
  }

  #refused(address = '', what: string): void {
    this.#attempts.failed(address);
    this.#options.log?.warn(`refused to let somebody in from ${address}: ${what}`);
  }

  #sessionId(headers: IncomingHttpHeaders): string | undefined {
    for (const pair of (headers.cookie ?? '').split(';')) {
      const equals = pair.indexOf('=');
      if (pair.slice(0, equals).trim() === this.#cookieName) return pair.slice(equals + 1).trim();
    }
    return undefined;
  }
}
