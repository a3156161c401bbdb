/**
 * One word of a POSIX shell's command line that stands for exactly this text, whatever is in it. Control characters and what turns text
 * round are written as `$'...'` (POSIX.1-2024; bash, zsh and ksh know it for long), so that a command that is copied
 * from a terminal is the command that is seen.
 */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!HIDDEN.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const bytes = [...Buffer.from(text)].map((byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCharCode(byte),
  );
  return `$'${bytes.join('')}'`;
}

const HIDDEN = /[^\x20-\x7e]/;
