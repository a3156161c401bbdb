/** A page of metrics for those who scrape it. */
export interface MetricsPage {
  readonly contentType: string;
  /** The page in parts, to be walked once. Between two parts the program may do other work; a part may be empty. */
  readonly parts: Iterable<string>;
}

/** Makes the page that Prometheus and its like read. */
export interface Exposition {
  /** `accept`: the header of that name. `host`: of a hub, all of one host; undefined where there is none of that name. */
  page(accept: string | undefined, host?: string): MetricsPage | undefined;
}
