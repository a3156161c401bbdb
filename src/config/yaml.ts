// A bundle keeps the names of this module, but not those of the CommonJS one behind it when that is imported dynamically.
export { LineCounter, parseDocument, stringify } from 'yaml';
