import { escapeMarkup } from '../lib/text.ts';

/** Text between tags. */
export const xmlText = (text: string): string => escapeMarkup(text).replaceAll('"', '&quot;');
