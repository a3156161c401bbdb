/** Whom the certificate of a verified connection names. */
export interface Peer {
  /** The subject's common name. */
  readonly name: string;
  /** The certificate's serial number: hex, upper case. */
  readonly serial: string;
}
