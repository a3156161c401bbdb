import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { isLoopback } from '../lib/network-address.ts';
import { HttpError } from './http-error.ts';
import { quoted } from './parameters.ts';

/** Sent with every answer: no outside resource, no frame, no sniffing, no address given away. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Throws HttpError where a browser was led here by another site. A name that is not ours in `Host` is DNS rebinding:
 * only a name can be rebound, so literal addresses pass. `Origin` and `Sec-Fetch-Site` tell who asks; a person may
 * follow a link to a page (`navigate`), but no other site may embed or fetch anything.
 */
export function refuseStrangers(headers: IncomingHttpHeaders, boundHost: string): void {
  const host = headers.host ?? '';
  const name = hostName(host);
  if (name === undefined || !isOurs(name, boundHost)) {
    throw new HttpError(
      421,
      `the Host header is ${quoted(host)}, which is not a name of this server: open it as ${ownNames(boundHost)}`,
    );
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new HttpError(
      403,
      `the request comes from another origin, ${quoted(origin)}: only this dashboard's own pages may ask`,
    );
  }
  const site = headers['sec-fetch-site'];
  const navigates = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigates) {
    throw new HttpError(
      403,
      `the request comes from another site (Sec-Fetch-Site: ${quoted(String(site))}): only this dashboard's own pages may ask`,
    );
  }
}

/** The host of a Host header without its port and brackets, in lower case; undefined where it is malformed. */
function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function isOurs(name: string, boundHost: string): boolean {
  if (name === 'localhost' || name === boundHost.toLowerCase()) return true;
  if (isLoopback(boundHost)) return isLoopback(name);
  return isIP(name) !== 0 || name === hostname().toLowerCase();
}

function ownNames(boundHost: string): string {
  if (isLoopback(boundHost)) return 'localhost or 127.0.0.1';
  const isAny = boundHost === '0.0.0.0' || boundHost === '::';
  return isAny ? `an address of this machine or ${hostname()}` : boundHost;
}
