import { duration } from '../lib/text.ts';
import { HOST_NAME_HELP, isHostName } from '../model/host.ts';
import { Refusal } from './refusal.ts';
import {
  expiryOf,
  type HeldCertificate,
  type KeptToken,
  type Member,
  type RegistryState,
} from './registry-state.ts';
import { sameHash, secretHash, secretId } from './token.ts';

/** Clocks of a hub and its hosts may differ by so much. */
export const SKEW_MS = 5 * 60_000;

export const iso = (at: number): string => new Date(at).toISOString();

/** One line on two clocks that differ too much, or undefined. */
export function clockDifference(hostTime: number, hubTime: number): string | undefined {
  const difference = hostTime - hubTime;
  if (Math.abs(difference) <= SKEW_MS) return undefined;
  return `the clocks differ: the host's is ${duration(Math.abs(difference))} ${difference > 0 ? 'ahead of' : 'behind'} the hub's (host ${iso(hostTime)}, hub ${iso(hubTime)})`;
}

/** The token of this secret, if it may enrol a host of this name now. Throws Refusal. */
export function checkEnrolment(state: RegistryState, secret: string, name: string, now: number): KeptToken {
  const token = checkToken(state, secret, now);
  if (!isHostName(name))
    throw new Refusal('invalid', `this name cannot be a host's: ${HOST_NAME_HELP}; choose one with --name`);
  if (token.name !== undefined && token.name !== name)
    throw new Refusal('denied', `the token is for the host ${token.name}, not for ${name}`);
  checkName(
    state.members.find((one) => one.name === name),
    name,
    token,
    now,
  );
  return token;
}

function checkToken(state: RegistryState, secret: string, now: number): KeptToken {
  const another = "make a new one on the hub with 'homeostat hub token create'";
  const token = state.tokens.find(({ id }) => id === secretId(secret));
  if (!token || !sameHash(token.hash, secretHash(secret)))
    throw new Refusal('denied', `the token is not one of this hub's; ${another}`);
  if (token.usedAt !== undefined)
    throw new Refusal(
      'denied',
      `the token was used by ${token.usedBy} at ${iso(token.usedAt)}, and each enrols one host; ${another}`,
    );
  if (token.revokedAt !== undefined)
    throw new Refusal('denied', `the token was revoked at ${iso(token.revokedAt)}; ${another}`);
  if (now >= token.expiresAt)
    throw new Refusal(
      'denied',
      `the token ran out at ${iso(token.expiresAt)}, ${duration(now - token.expiresAt)} ago by the hub's clock; ${another}`,
    );
  return token;
}

/** A name belongs to whoever holds it until it is revoked; one that ran out is given again only by a token made for it. */
function checkName(holder: Member | undefined, name: string, token: KeptToken, now: number): void {
  if (!holder || holder.state === 'revoked') return;
  const other = `revoke it first ('homeostat hub revoke ${name}' on the hub), or choose another name with --name`;
  if (holder.kind === 'client')
    throw new Refusal('taken', `${name} is a client that 'homeostat hub issue' made; ${other}`);
  if (holder.state === 'copied')
    throw new Refusal('taken', `${name} is the name of a host that was copied; ${other}`);
  const expiry = expiryOf(holder);
  if (now < expiry) throw new Refusal('taken', `${name} is enrolled already, until ${iso(expiry)}; ${other}`);
  if (token.name !== name)
    throw new Refusal(
      'taken',
      `${name} was enrolled here until ${iso(expiry)}; a token that was made with '--name ${name}' enrols it anew, or choose another name with --name`,
    );
}

/** How a certificate that is shown ends: let in, refused, or proof that its host was copied. */
export type Verdict =
  | { readonly end: 'admitted' }
  | { readonly end: 'refused' | 'superseded' | 'copied'; readonly reason: string };

/** What is to be said to whoever shows this certificate. `held` is what the registry knows of it. */
export function judge(
  name: string,
  member: Member | undefined,
  held: HeldCertificate | undefined,
  now: number,
): Verdict {
  if (member?.state === 'enrolled' && held && usable(held, now)) return ADMITTED;
  const refused = (reason: string): Verdict => ({ end: 'refused', reason });
  if (!member)
    return refused(
      `${name} is not known to this hub: enrol it with a token ('homeostat hub token create' on the hub)`,
    );
  const again = enrolAgain(member);
  if (member.state === 'copied') return refused(copiedLine(member));
  if (member.state === 'revoked')
    return refused(`${name} was revoked at ${iso(member.stateAt ?? 0)}; to let it in again, ${again}`);
  if (!held)
    return refused(
      `this certificate is not one that ${name} holds now: it was enrolled anew at ${iso(member.enrolledAt)}; if that was another machine, ${again}`,
    );
  if (held.state === 'retired')
    return refused(`the authority that made this certificate of ${name} was replaced; ${again}`);
  if (now > held.expiresAt)
    return refused(
      `the certificate of ${name} ran out at ${iso(held.expiresAt)}, ${duration(now - held.expiresAt)} ago by the hub's clock; ${again}`,
    );
  if (now < held.issuedAt - SKEW_MS)
    return refused(
      `the certificate of ${name} begins at ${iso(held.issuedAt)}, ${duration(held.issuedAt - now)} after the hub's clock (${iso(now)}), which was set back since: set the clock of the hub`,
    );
  if (held.state === 'superseded')
    return {
      end: 'superseded',
      reason: `this certificate of ${name} was replaced by a newer one that is in use since ${iso(member.renewedAt ?? 0)}; restart its agent, and if this machine is a copy of it, enrol it under a name of its own`,
    };
  return { end: 'copied', reason: copiedLine(member) };
}

const ADMITTED: Verdict = { end: 'admitted' };

const usable = ({ state, issuedAt, expiresAt }: HeldCertificate, now: number): boolean =>
  (state === 'valid' || state === 'pending') && issuedAt - SKEW_MS <= now && now <= expiresAt;

/** What is said of a host whose identity is used by two machines, to both and on the hub. */
export const copiedLine = ({ name }: Member): string =>
  `${name} was copied: two machines use its identity, so that both are refused; run 'homeostat hub revoke ${name}' on the hub, then enrol each of them with a token and a name of its own`;

const enrolAgain = ({ kind, name }: Member): string =>
  kind === 'client'
    ? `run 'homeostat hub issue ${name}' on the hub`
    : `run 'homeostat hub token create --name ${name}' on the hub and what it prints on the host`;
