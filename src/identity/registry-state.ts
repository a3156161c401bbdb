/** What the registry keeps, as it stands in `registry.json`. Times are ms since the epoch by the hub's clock. */

/**
 * - `valid`: may be used.
 * - `pending`: the successor that was handed out, and not yet seen in use.
 * - `superseded`: its successor is in use.
 * - `replaced`: a successor that was never seen before another one was handed out in its place.
 * - `retired`: its authority is no longer trusted.
 */
export type CertificateState = 'valid' | 'pending' | 'superseded' | 'replaced' | 'retired';

export interface HeldCertificate {
  /** Hex, upper case. */
  readonly serial: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The first 8 bytes of the signing authority's pin, hex. */
  readonly authority: string;
  /** Of a client: what its envelopes' signatures are verified with; SPKI, DER, base64. */
  readonly signingKey?: string;
  state: CertificateState;
}

/** A host that enrolled, or a client of others that `homeostat hub issue` made. */
export interface Member {
  readonly name: string;
  readonly kind: 'host' | 'client';
  readonly enrolledAt: number;
  renewedAt?: number;
  state: 'enrolled' | 'revoked' | 'copied';
  /** Since when it is revoked or known to be copied. */
  stateAt?: number;
  certificates: HeldCertificate[];
}

export interface KeptToken {
  readonly id: string;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  /** The only name that it enrols. */
  readonly name?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  usedAt?: number;
  usedBy?: string;
  revokedAt?: number;
}

export interface RegistryState {
  readonly version: 1;
  members: Member[];
  tokens: KeptToken[];
}

export const EMPTY: RegistryState = { version: 1, members: [], tokens: [] };

/** Until when a member may come without being enrolled or issued anew. */
export const expiryOf = (member: Member): number =>
  Math.max(
    0,
    ...member.certificates
      .filter(({ state }) => state === 'valid' || state === 'pending')
      .map((one) => one.expiresAt),
  );

const DAY_MS = 86_400_000;

/** Without what nobody will ask about again: certificates and tokens that ran out a month ago. A member's latest stays. */
export function pruned(state: RegistryState, now: number): RegistryState {
  const oldest = now - 30 * DAY_MS;
  return {
    ...state,
    members: state.members.map((member) => ({
      ...member,
      certificates: member.certificates.filter(
        ({ expiresAt }, index, all) => expiresAt > oldest || index === all.length - 1,
      ),
    })),
    tokens: state.tokens.filter(({ expiresAt }) => expiresAt > oldest),
  };
}
