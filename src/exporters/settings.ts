import * as v from 'valibot';
import { quantity } from '../lib/quantity.ts';
import { optionalSetting, secretSchema, section, setting } from '../lib/setting.ts';
import { parseDuration } from '../lib/units.ts';
import { parseHeaders } from './otlp/headers.ts';

const PROCESSES_HELP = 'a whole number of processes from 0 to 200';
const ENDPOINT_HELP =
  'the URL of an OTLP endpoint, such as http://127.0.0.1:4318, without a name, a password or a query: what is secret belongs into headers';
const HEADERS_HELP =
  'headers: name=value, more than one with commas or line ends between, values percent-encoded';

const spanSchema = (least: string, most: string) =>
  quantity(`a span of time from ${least} to ${most}`, (text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= parseDuration(least)! && ms <= parseDuration(most)! ? ms : undefined;
  });

/** It is shown in the status and in the log: nothing secret may be in it. */
function isEndpoint(text: string): boolean {
  const url = /^https?:\/\/[^/]/.test(text) ? URL.parse(text) : null;
  return url !== null && `${url.username}${url.password}${url.search}${url.hash}` === '';
}

/** What is told to others, and how. */
export const exportersSchema = v.strictObject({
  prometheus: section({
    processes: setting(
      'So many of the busiest and of the largest processes are on /metrics, 0 to 200; each one that comes makes new series (docs/exporters.md).',
      v.pipe(
        v.number(PROCESSES_HELP),
        v.integer(PROCESSES_HELP),
        v.minValue(0, PROCESSES_HELP),
        v.maxValue(200, PROCESSES_HELP),
      ),
      0,
    ),
  }),
  otlp: section({
    endpoint: optionalSetting(
      'Metrics, anomalies and incidents are sent there by OTLP, protobuf over HTTP; /v1/metrics and /v1/logs are below it. Left out: nothing is sent.',
      v.pipe(v.string(ENDPOINT_HELP), v.check(isEndpoint, ENDPOINT_HELP)),
      'http://127.0.0.1:4318',
    ),
    interval: setting(
      'The means of so much time are sent as metrics, 1s to 1h.',
      spanSchema('1s', '1h'),
      '60s',
    ),
    metrics: setting('Whether metrics are sent.', v.boolean(), true),
    logs: setting('Whether anomalies and incidents are sent, as log records.', v.boolean(), true),
    headers: optionalSetting(
      'What each request carries, such as a key: name=value, more with commas between, values percent-encoded. Better give headers_file.',
      v.pipe(
        secretSchema(HEADERS_HELP),
        v.check((text) => parseHeaders(text) !== undefined, HEADERS_HELP),
      ),
      'authorization=Bearer%20a-key-of-yours',
    ),
    compression: setting('Of the requests.', v.picklist(['gzip', 'none'], 'one of gzip, none'), 'gzip'),
    timeout: setting(
      'How long a request may take, with its repetitions, 1s to 1m.',
      spanSchema('1s', '1m'),
      '10s',
    ),
    ca_file: optionalSetting(
      'Authorities that the endpoint may have its certificate from, PEM. Left out: those that the runtime trusts.',
      v.string(),
      '/etc/homeostat/otlp-ca.pem',
    ),
    certificate_file: optionalSetting(
      "Homeostat's own certificate, PEM, where the endpoint asks for one. Left out: none.",
      v.string(),
      '/etc/homeostat/otlp.pem',
    ),
    key_file: optionalSetting('Its key, PEM.', v.string(), '/etc/homeostat/otlp.key'),
  }),
});

export type ExporterSettings = v.InferOutput<typeof exportersSchema>;
