import { createSecureContext } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { PublishResponse } from '../../proto/generated/homeostat/v1/telemetry.ts';
import type { HubCredentials } from './credentials.ts';
import type { Link, LinkEvents } from './sender.ts';

/** The hub's own certificate has this name; its authority gives certificates that are good for a server to nobody else. */
const HUB_NAME = 'homeostat-hub';
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const GZIP = 2;

// It would write to standard error by itself what it also says to its callers.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/**
 * Opens a stream to the hub, over a connection of its own that ends with it: mutual TLS 1.3. The hub is known by its
 * authority and its name, not by its address, which may change. Batches are compressed.
 */
export function openHubStream(credentials: HubCredentials, events: LinkEvents): Link {
  const { key, certificate, authorities, address } = credentials;
  const context = createSecureContext({ key, cert: certificate, ca: authorities, minVersion: 'TLSv1.3' });
  const channel = grpc.credentials.createFromSecureContext(context, {
    checkServerIdentity: (_host, { subject }) =>
      subject.CN === HUB_NAME ? undefined : new Error(`the certificate is of ${subject.CN}, not of a hub`),
  });
  const client = new grpc.Client(address, channel, {
    'grpc.ssl_target_name_override': HUB_NAME,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.default_compression_algorithm': GZIP,
    'grpc.enable_retries': 0,
  });
  const call = client.makeBidiStreamRequest<Uint8Array, PublishResponse>(
    '/homeostat.v1.TelemetryService/Publish',
    (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    (bytes) => PublishResponse.decode(bytes),
  );
  let ended = false;
  const end = (why: string): void => {
    if (ended) return;
    ended = true;
    client.close();
    events.ended(why);
  };
  call.on('data', (answer: PublishResponse) => events.answered(answer));
  call.on('error', (error: grpc.ServiceError) => end(reason(error)));
  call.on('end', () => end('the hub ended the stream'));
  return {
    send: (batch) => void call.write(batch),
    finish: () => call.end(),
    cut: () => {
      call.cancel();
      end('cut');
    },
  };
}

/** grpc-js wraps what the system said in words of its own. */
function reason({ code, details }: grpc.ServiceError): string {
  const said = /Last error: (?:Error: )?(.+?)(?:\. Resolution note|$)/.exec(details)?.[1] ?? details;
  return `${grpc.status[code]}: ${said}`;
}
