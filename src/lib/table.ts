import { printable } from './text.ts';

/**
 * What stands in a column. `json`: text that is JSON already. `time`: ms since the epoch, written by ISO 8601 in UTC.
 * `integer` may be a bigint.
 */
export type ColumnType = 'text' | 'number' | 'integer' | 'time' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Undefined, and a number that is none, is "not known": null in JSON, nothing in CSV. */
export type Cell = string | number | bigint | undefined;

/** Rows after which writing may be broken off and gone on with from `position`. */
export interface Piece {
  readonly rows: Iterable<readonly Cell[]>;
  readonly position: number;
  /** How far it is with this piece, 0 to 1. */
  readonly share: number;
}

export interface RowFormat {
  /** What stands before the first row. */
  readonly header: string;
  /** One row with its line end. */
  row(cells: readonly Cell[]): string;
}

/** One JSON object a line. Integers beyond 2^53 are texts, as OpenTelemetry's JSON has them. */
export function jsonLines(columns: readonly Column[]): RowFormat {
  const keys = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const write = columns.map(({ type }) => JSON_CELLS[type]);
  return {
    header: '',
    row: (cells) => {
      let line = '';
      for (let index = 0; index < keys.length; index++) {
        const cell = cells[index];
        line += keys[index]! + (isKnown(cell) ? write[index]!(cell) : 'null');
      }
      return `${line}}\n`;
    },
  };
}

/**
 * RFC 4180: lines end in CR LF; a text with a comma, a quote or a line end stands in quotes. Two dangers more are kept out of
 * texts: control characters, which the RFC has no place for and terminals obey, are written as `\x1b`; and what a spreadsheet
 * would take for a formula gets an apostrophe before it, as does what begins with one, so that taking one away gives the text.
 */
export function csv(columns: readonly Column[]): RowFormat {
  const write = columns.map(({ type }) => CSV_CELLS[type]);
  return {
    header: `${columns.map(({ name }) => csvText(name)).join(',')}\r\n`,
    row: (cells) => {
      let line = '';
      for (let index = 0; index < write.length; index++) {
        const cell = cells[index];
        line += (index === 0 ? '' : ',') + (isKnown(cell) ? write[index]!(cell) : '');
      }
      return `${line}\r\n`;
    },
  };
}

type Known = Exclude<Cell, undefined>;

const isKnown = (cell: Cell): cell is Known =>
  cell !== undefined && (typeof cell !== 'number' || Number.isFinite(cell));

const JSON_CELLS: Readonly<Record<ColumnType, (cell: Known) => string>> = {
  text: (cell) => JSON.stringify(String(cell)),
  number: String,
  integer: (cell) => (typeof cell === 'bigint' ? `"${cell}"` : String(cell)),
  time: (cell) => `"${isoTime(Number(cell))}"`,
  json: String,
};

const CSV_CELLS: Readonly<Record<ColumnType, (cell: Known) => string>> = {
  text: (cell) => csvText(String(cell)),
  number: String,
  integer: String,
  time: (cell) => isoTime(Number(cell)),
  json: (cell) => csvText(String(cell)),
};

let lastTime = Number.NaN;
let lastText = '';

/** Rows of one moment follow each other, and making the text takes longer than all the rest of a row. */
function isoTime(at: number): string {
  if (at !== lastTime) {
    lastText = new Date(at).toISOString();
    lastTime = at;
  }
  return lastText;
}

/** With the wide forms that some spreadsheets take for the same. */
const FORMULA = /^[=+\-@\t\r'\uff1d\uff0b\uff0d\uff20]/;
const SPECIAL = /[",\r\n]/;
/** Control characters but tab, line feed and carriage return; those quotes can hold. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

function csvText(text: string): string {
  const visible = text.replace(CONTROL, printable);
  const inert = FORMULA.test(visible) ? `'${visible}` : visible;
  return SPECIAL.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
