/**
 * Takes secrets out of what processes were started with, before it is kept, shown or recorded. It errs on the side of
 * hiding: a harmless value that is called `token` is lost, a secret that is called `x` cannot be known.
 * Every pattern is bounded or anchored at a literal, so that a hostile argument of a megabyte costs linear time.
 */

const HIDDEN = '***';

const SECRET_NAME =
  '(?:(?<!by)pass(?:word|wd|phrase|code)?|pwd|secrets?|(?:auth|access|bearer|session|refresh|id)?token|credentials?|' +
  '(?:api|access|secret|private|account|shared|encryption|signing|master)[-_.]?key|otp|passin|passout|auth)';

/** `--db-password=x`, `DB_PASSWORD=x`, `clientSecret=x`: the argument's name ends as a secret's name does. */
const ASSIGNMENT = new RegExp(`^-{0,2}[\\w.-]{0,100}?${SECRET_NAME}[=:](?=.)`, 'is');
/** `--db-password x` */
const OPTION = new RegExp(`^--?[\\w.-]{0,100}?${SECRET_NAME}$`, 'i');

/** Options of well-known programs whose value is a secret though their name does not say so; attached or apart. */
const SHORT_OPTIONS: readonly (readonly [program: RegExp, option: string])[] = [
  [/^(?:mysql|mariadb|mycli|mongo|cqlsh|beeline|sshpass|ncftp|rabbitmqadmin)/i, '-p'],
  [/^(?:docker|podman|helm|nerdctl)/i, '-p'],
  [/^(?:redis|valkey|keydb)-(?:cli|benchmark)/i, '-a'],
  [/^ldap(?:search|add|modify|delete|passwd|whoami)/i, '-w'],
  [/^(?:curl|wget|http|https|xh)$/i, '-u'],
  [/^(?:curl)$/i, '-U'],
  [/^(?:smbclient|rpcclient|net)$/i, '-U'],
  [/^(?:sqlcmd|mssql-cli|bcp|osql|zip|unzip|ipmitool|mosquitto_(?:pub|sub|rr))$/i, '-P'],
  [/^(?:plink|pscp|psftp)$/i, '-pw'],
  [/^(?:7z|7za|7zz|rar|unrar)$/i, '-p'],
];
/** Tools in which `-p` is a password only for one sub-command (`docker run -p 80:80` maps a port). */
const LOGIN_ONLY = /^(?:docker|podman|helm|nerdctl)/i;
const USER_OPTION = /^--(?:proxy-)?user$/;

const TEXT_PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\/\/[^\s/?#"']{1,1000}@/g, `//${HIDDEN}@`],
  [/((?:authorization|cookie|x-[\w-]{0,40}(?:key|token|auth))\s{0,3}:\s{0,3})[^\r\n"']+/gi, `$1${HIDDEN}`],
  [/\b(bearer|basic)\s{1,3}[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  [/\b(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA)[A-Z0-9]{16}\b/g, HIDDEN],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|npm_|sk-|sk_live_|rk_live_|AIza|hvs\.|hst1_)[\w-]{10,}/g,
    HIDDEN,
  ],
  [/\beyJ[\w-]{5,2000}\.[\w-]{5,2000}\.[\w-]{0,2000}/g, HIDDEN],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*/g, `-----BEGIN PRIVATE KEY-----${HIDDEN}`],
  [
    new RegExp(`(${SECRET_NAME}["']?\\s{0,3}[=:]\\s{0,3})("[^"]*"?|'[^']*'?|[^\\s,;&"']+)`, 'gi'),
    `$1${HIDDEN}`,
  ],
  [
    new RegExp(`(\\s--?[\\w-]{0,40}?${SECRET_NAME}\\s{1,3})(?!-)("[^"]*"?|'[^']*'?|\\S+)`, 'gi'),
    `$1${HIDDEN}`,
  ],
  shortInText('(?:mysql|mariadb|mongo|sshpass)[\\w-]{0,20}', '-p'),
  shortInText('(?:redis|valkey|keydb)-(?:cli|benchmark)', '-a'),
];

/** The same options in a line of a shell script. */
function shortInText(program: string, option: string): readonly [RegExp, string] {
  const before = `\\b${program}\\s(?:[^|;&\\n]{0,200}\\s)?${option}`;
  return [new RegExp(`(${before}\\s?)("[^"]*"?|'[^']*'?|[^\\s-]\\S*)`, 'gi'), `$1${HIDDEN}`];
}

/** The same text without what looks like a secret: for one argument, a line of a shell script, an environment. */
export function redactText(text: string): string {
  let redacted = text;
  for (const [pattern, replacement] of TEXT_PATTERNS) redacted = redacted.replaceAll(pattern, replacement);
  return redacted;
}

/** The argument vector, the program first, with every secret replaced by `***`; as many arguments as were given. */
export function redactArguments(args: readonly string[]): readonly string[] {
  const redacted: string[] = [];
  let short: string[] = [];
  let hideNext = false;
  for (const [index, argument] of args.entries()) {
    if (hideNext && argument.length > 0) {
      redacted.push(HIDDEN);
      hideNext = false;
      continue;
    }
    // The program may come later: `sudo mysql -pX`, `env A=b curl -u X`.
    if (!argument.startsWith('-')) short = [...short, ...shortOptions(argument, args)];
    hideNext = index > 0 && (OPTION.test(argument) || USER_OPTION.test(argument) || short.includes(argument));
    redacted.push(hideNext ? argument : redactOne(argument, short));
  }
  return redacted;
}

function redactOne(argument: string, short: readonly string[]): string {
  const assignment = ASSIGNMENT.exec(argument);
  if (assignment) return `${assignment[0]}${HIDDEN}`;
  const attached = short.find((option) => argument.startsWith(option));
  if (attached !== undefined) return `${attached}${HIDDEN}`;
  return redactText(argument);
}

function shortOptions(argument: string, args: readonly string[]): string[] {
  const program = argument.slice(argument.lastIndexOf('/') + 1, argument.lastIndexOf('/') + 40);
  if (LOGIN_ONLY.test(program) && !args.includes('login')) return [];
  return SHORT_OPTIONS.filter(([pattern]) => pattern.test(program)).map(([, option]) => option);
}
