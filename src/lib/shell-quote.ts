/**
 * One word of a POSIX shell's command line that stands for exactly this text, whatever is in it. Control characters and what turns text
 * round are written as `$'...'` (POSIX.1-2024; bash, zsh and ksh know it for long), so that a command that is copied
 * from a terminal is the command that is seen; so is a backtick, the mark around code where people chat.
 */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!HIDDEN.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const bytes = [...Buffer.from(text)].map((byte) =>
    byte < 0x20 || byte > 0x7e || ESCAPED.includes(byte)
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCharCode(byte),
  );
  return `$'${bytes.join('')}'`;
}

const HIDDEN = /[^\x20-\x7e]|`/;
/** The quote, the backslash and the backtick. */
const ESCAPED: readonly number[] = [0x27, 0x5c, 0x60];
