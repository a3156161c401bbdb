import type { Exposition, MetricsPage } from '../../model/exposition.ts';
import type { Family } from '../family.ts';
import { CONTENT_TYPES, endText, familyText, formatOf } from './text.ts';

/** The page of one machine, made anew at each scrape: it is a few hundred lines. */
export class MachinePage implements Exposition {
  readonly #families: () => readonly Family[];

  constructor(families: () => readonly Family[]) {
    this.#families = families;
  }

  page(accept: string | undefined): MetricsPage {
    const format = formatOf(accept);
    return { contentType: CONTENT_TYPES[format], parts: this.#parts(format) };
  }

  *#parts(format: ReturnType<typeof formatOf>): Generator<string> {
    for (const family of this.#families()) yield familyText(family, format);
    yield endText(format);
  }
}
