/** What somebody may do: look; say what things mean (feedback); let others in and keep them out. Each may what those before it may. */
export const ROLES = ['view', 'operate', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const mayAs = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** Who asks, as `GET /api/v1/session` tells it. */
export interface SessionAnswer {
  readonly signedIn: boolean;
  /** Whether whoever is not signed in may look. */
  readonly readingIsOpen: boolean;
  /** The name of the token that was shown, or whose link was opened; null where nobody is signed in. */
  readonly name: string | null;
  readonly role: Role | null;
  /** Until when this holds at the longest, ms since the epoch; null where it has no end. */
  readonly expiresAt: number | null;
  /** What a session sends with each change as `X-CSRF-Token`; null where there is no session. */
  readonly csrfToken: string | null;
}

/** A named token as it is told of; never with its secret. */
export interface AccessToken {
  readonly name: string;
  readonly role: Role;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Left out: it holds until it is revoked. */
  readonly expiresAt?: number;
}
