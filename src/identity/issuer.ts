import { X509Certificate } from 'node:crypto';
import type {
  EnrollRequest,
  EnrollResponse,
  RenewRequest,
  RenewResponse,
} from '../../proto/generated/homeostat/v1/identity.ts';
import type { Clock } from '../lib/clock.ts';
import type { Peer } from '../model/peer.ts';
import type { Authority } from './authority.ts';
import { commonName, serialOf, splitPem } from './keys.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import { clockDifference } from './rules.ts';

/** What the hub does when somebody asks for a certificate: the rules of the registry, then the authority's signature. */
export class Issuer {
  readonly #registry: Registry;
  readonly #clock: Clock;
  /** Another one while the authority is replaced. */
  authority: Authority;

  constructor(registry: Registry, authority: Authority, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.authority = authority;
  }

  /** Throws Refusal; the token is used up only where the answer is a certificate. */
  async enroll({
    token,
    hostName,
    signingRequest,
    hostTimeMs,
  }: EnrollRequest): Promise<Pick<EnrollResponse, 'certificate' | 'authorities'>> {
    // Before anything is signed: whoever has no token costs no signature.
    this.#registry.checkEnrolment(token, hostName);
    const difference = clockDifference(Number(hostTimeMs), this.#clock.now());
    if (difference)
      throw new Refusal('unready', `${difference}; set them (NTP) and enrol again with the same token`);
    const { certificate, facts } = await this.authority.signHost(hostName, signingRequest);
    this.#registry.enrol(token, hostName, facts);
    return { certificate, authorities: this.authority.certificate };
  }

  /** The successor of the certificate that the connection was made with. Throws Refusal. */
  async renew(
    peer: Peer,
    { signingRequest }: RenewRequest,
  ): Promise<Pick<RenewResponse, 'certificate' | 'authorities'>> {
    const { certificate, facts } = await this.authority.signHost(peer.name, signingRequest);
    this.#registry.renew(peer, facts);
    return { certificate, authorities: this.authority.certificate };
  }

  /** Why a certificate is not let in; an empty text where it is. Of others than the hub's own certificates nothing is told. */
  examine(shown: X509Certificate): { readonly name: string; readonly reason: string } {
    const name = commonName(shown);
    const signed = splitPem(this.authority.certificate).some((pem) =>
      shown.verify(new X509Certificate(pem).publicKey),
    );
    if (!signed)
      return {
        name,
        reason:
          "no authority that this hub trusts signed the certificate: enrol anew with a token ('homeostat hub token create' on the hub)",
      };
    const verdict = this.#registry.examine({ name, serial: serialOf(shown.serialNumber) });
    return { name, reason: verdict.end === 'admitted' ? '' : verdict.reason };
  }
}
