/** Bytes, and the signature over them; empty where there is none. */
export interface Signed {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whom the certificate of a verified connection names. */
export interface Peer {
  /** The subject's common name. */
  readonly name: string;
  /** The certificate's serial number: hex, upper case. */
  readonly serial: string;
}
