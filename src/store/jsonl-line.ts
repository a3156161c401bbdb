import { type Attributes, type Series, series } from '../model/metric.ts';
import { isMetricName } from '../model/names.ts';

/** The line as `homeostat export` writes it: its time, what names the series, its value. Anything else is read as any JSON is. */
const USUAL = /^\{"at":"([^"\\]+)",("metric":.+?),"value":(-?[\d.]+(?:e[-+]?\d+)?)[,}]/;
/** Names that a hostile file could make up without end. */
const MOST_SERIES = 10_000;

/** Reads one line of telemetry after the other. Names and times repeat: they are understood once. */
export class JsonlLine {
  at = Number.NaN;
  series!: Series;
  value = Number.NaN;
  readonly #known = new Map<string, Series>();
  #time = '';
  #timeAt = Number.NaN;

  /** Sets `at`, `series` and `value`; says what is wrong where it cannot. */
  read(line: string): string | undefined {
    const match = USUAL.exec(line);
    const known = match && this.#known.get(match[2]!);
    if (match && known) return this.#set(match[1]!, known, Number(match[3]));
    let sample: { at?: unknown; metric?: unknown; attributes?: unknown; value?: unknown };
    try {
      sample = JSON.parse(line) as typeof sample;
    } catch {
      return `is not JSON: ${line}`;
    }
    const { at, metric, attributes = {}, value } = sample ?? {};
    if (typeof at !== 'string') return `has no time: ${line}`;
    if (typeof metric !== 'string' || !isMetricName(metric)) return `names no metric that is known: ${line}`;
    if (!isAttributes(attributes)) return `has attributes that are no texts: ${line}`;
    const found = series(metric, attributes);
    if (match && this.#known.size < MOST_SERIES) this.#known.set(match[2]!, found);
    return this.#set(at, found, value);
  }

  #set(time: string, found: Series, value: unknown): string | undefined {
    if (time !== this.#time) {
      this.#time = time;
      this.#timeAt = Date.parse(time);
    }
    if (Number.isNaN(this.#timeAt)) return `has a time that is none: ${time}`;
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'has no value that is a number';
    this.at = this.#timeAt;
    this.series = found;
    this.value = value;
    return undefined;
  }
}

const isAttributes = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
