/**
 * `name=value,name=value` as OpenTelemetry writes headers (OTEL_EXPORTER_OTLP_HEADERS), with percent-encoded values; line ends do as well
 * as commas. Undefined where it is malformed, or would be no header of HTTP.
 */
export function parseHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of text.split(/[,\n]/).map((part) => part.trim())) {
    if (pair === '') continue;
    const [, name, encoded] = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*(.*)$/.exec(pair) ?? [];
    const value = decoded(encoded);
    if (name === undefined || value === undefined || !/^[\t\x20-\x7e]*$/.test(value)) return undefined;
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
