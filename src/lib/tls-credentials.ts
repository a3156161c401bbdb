import type { SecureContextOptions } from 'node:tls';
import * as grpc from '@grpc/grpc-js';

/** All PEM. Without `clientAuthorities` nobody is asked for a certificate, with it everybody. */
export interface TlsFiles {
  readonly key: string;
  readonly certificate: string;
  readonly clientAuthorities?: string;
}

/**
 * Credentials of a gRPC server, TLS 1.3 and nothing older, that can be exchanged while it serves: connections that are open
 * go on as they are, new ones see the new files.
 */
export class TlsCredentials extends grpc.ServerCredentials {
  constructor(files: TlsFiles) {
    super({ requestCert: files.clientAuthorities !== undefined }, contextOf(files));
  }

  /** Whether clients are asked for a certificate stays as it was. */
  exchange(files: TlsFiles): void {
    this.updateSecureContextOptions(contextOf(files));
  }

  override _equals(other: grpc.ServerCredentials): boolean {
    return this === other;
  }
}

const contextOf = ({ key, certificate, clientAuthorities }: TlsFiles): SecureContextOptions => ({
  ...{ key, cert: certificate, minVersion: 'TLSv1.3' },
  ...(clientAuthorities !== undefined && { ca: clientAuthorities }),
});
