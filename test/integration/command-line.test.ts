import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { type Ended, homeostat, ownFolder } from '../support/daemon.ts';

/** Exactly one line, no stack, and in it all that it must name. */
function assertRefused(ended: Ended, names: RegExp, code = 2): void {
  const { stderr } = ended;
  assert.match(stderr, /^homeostat: [^\n]+\n$/, `one line was wanted, it said: ${stderr}`);
  assert.match(stderr, names);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
  assert.equal(ended.code, code, stderr);
  assert.equal(ended.stdout, '');
}

/** Runs command lines two at a time: a machine has at least so many cores. */
async function refused(folder: string, cases: readonly (readonly [readonly string[], RegExp, number?])[]) {
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [args, names, code] = next;
      assertRefused(await homeostat(folder, args), names, code);
    }
  };
  await Promise.all([work(), work()]);
}

test('the help of the program and of each command tells what it does and what it takes', async (t) => {
  const folder = ownFolder(t);
  const phrases: Readonly<Record<string, readonly string[]>> = {
    '': ['Usage: homeostat [options] [command]', 'Exit codes: 0 done', 'stays on this machine', 'Examples:'],
    up: [
      'until Ctrl-C',
      '--port <n>',
      'default: 4663',
      '--host <address>',
      'needs a token',
      '--config <file>',
    ],
    agent: ['tell a hub', 'must be enrolled', '--hub <address>', '--config <file>'],
    status: ['where it is blind', '--json', '--data <dir>'],
    top: ['--sort <by>', 'q ends'],
    anomalies: ['which process accounts for it', '--from <time>', '(default: 24h ago)', '(default: now)'],
    forecast: ['what comes and goes', '--host <name>', '--json'],
    profiles: ['[executable]', 'nothing is called unusual of it', '--limit <n>', 'Example:'],
    history: ['[metric...]', '(default: 1h ago)', '--points <n>', 'Example:'],
    export: ['jsonl', '--what <what>', '--metric <metric...>', '--resume', 'mode 0600', 'Examples:'],
    train: ['--from <time>', '--data <dir>', 'Ctrl-C', 'goes on', 'Examples:'],
    model: ['list', 'show', 'compare', 'promote', 'rollback', 'only if it is not worse', 'Examples:'],
    config: ['check', 'show', 'schema', 'init', 'reload', 'HOMEOSTAT_SECTION__KEY', 'Examples:'],
    'config show': ['--defaults', '--changed', '--json', 'secrets are hidden'],
    'config reload': ['--data <dir>', 'what needs a restart'],
    service: ['install', 'uninstall', 'status', 'logs', '/var/log/homeostat', 'Examples:'],
    'service install': ['--agent', '--hub', '--dry-run', '--no-start', 'needs root'],
    'service uninstall': ['--purge', 'after a question'],
    'service logs': ['--follow', '--level <level>', '--anomalies'],
    incidents: ['--open', '--since <time>', '--host <name>', 'one thing to act on'],
    incident: ['<id>', '--normal', '--this-hour', '--confirm', '--ack', 'default: "90d"'],
    open: ['--role <role>', '--browser', '--hub', 'once and within 5 minutes'],
    access: ['create', 'list', 'revoke', 'hub token create', 'Examples:'],
    'access create': ['<name>', '--role <role>', '--expires <span>', 'this once'],
    'access revoke': ['<name>', 'at once'],
    'why-not': ['--since <time>', 'why nobody was told'],
    feedback: ['list', 'undo'],
    'feedback undo': ['<id>', 'told again from now on'],
    replay: ['--from <time>', '--model <id>', '--config <file>', 'Example:'],
    notify: ['list', 'test', 'log'],
    evaluate: ['<dir>', '--scores <dir>', '--ablation', 'NAME.label.u8', 'Example:'],
    grafana: ['print a dashboard', 'scrapes /metrics', 'Example:'],
    hub: ['--bus-port <n>', 'mutual TLS', 'issue', 'default: 200MiB', 'Examples:'],
    'hub issue': ['<name>', '--days <n>', '--out <dir>'],
    'hub token': ['create', 'list', 'revoke'],
    'hub token create': ['--ttl <span>', 'default: "1h"', '--name <host>', '--address <host:port>'],
    'hub hosts': ['when they were seen', '--json'],
    'hub revoke': ['<host>', 'its streams end at once'],
    'hub rotate-ca': ['--within <span>', '--finish'],
    bus: ['status'],
    validate: ['--since <time>', '--host <name>', '--min-valid <share>', 'exit code 1', 'Examples:'],
    wal: ['stats', 'verify', 'backup', 'reset', 'replay', 'exit code 1'],
    recommend: ['--walk <dir>', 'yours to copy', '--host <name>', 'Examples:'],
    record: ['<file>', '--pseudonyms', 'secrets hidden', 'Look at the file before you give it away'],
  };
  const commands = createProgram().commands.map((command) => command.name());
  const tested = Object.keys(phrases).filter((command) => !command.includes(' '));
  assert.deepEqual(tested.sort(), ['', ...commands].sort());
  for (const [command, wanted] of Object.entries(phrases)) {
    const { code, stdout, stderr } = await homeostat(folder, [
      ...command.split(' ').filter(Boolean),
      '--help',
    ]);
    assert.deepEqual([code, stderr], [0, '']);
    const text = stdout.replaceAll(/\s+/g, ' ');
    for (const phrase of wanted)
      assert.ok(text.includes(phrase), `'${command} --help' lacks '${phrase}':\n${stdout}`);
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.includes(folder));
    assert.deepEqual(wide, [], 'it fits into 80 columns');
  }
  const bare = await homeostat(folder, []);
  assert.equal(bare.code, 0);
  assert.match(bare.stdout, /^Usage: homeostat/);
  const helpUp = await homeostat(folder, ['help', 'up']);
  assert.deepEqual([helpUp.code, /^Usage: homeostat up/.test(helpUp.stdout)], [0, true]);
  assert.match((await homeostat(folder, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('what the command line does not know is refused in one line with the help that belongs to it', async (t) => {
  await refused(ownFolder(t), [
    [['--nosuch'], /unknown option '--nosuch'; see 'homeostat --help'/],
    [['nosuch'], /unknown command 'nosuch'; see 'homeostat --help'/],
    [['statsu'], /unknown command 'statsu' \(Did you mean status\?\)/],
    [['help', 'nosuch'], /unknown command 'nosuch'/],
    [['up', '--nosuch'], /unknown option '--nosuch'; see 'homeostat up --help'/],
    [['up', 'extra'], /too many arguments for 'up'/],
    [['up', '--port'], /'--port <n>' argument missing/],
    [['up', '--port', '99999'], /'99999' is invalid: expected a number from 0 to 65535/],
    [['up', '--port', '80x'], /'80x' is invalid/],
    [
      ['up', '--learn-provisional', 'soon'],
      /'soon' is invalid: expected a number with ms, s, m.* such as 10m/,
    ],
    [['up', '--metrics-interval', '1ms'], /metrics_interval: "1ms" is not a span of time from 100ms to 1h/],
    [['up', '--log-level', 'loud'], /"loud" is not one of debug, info, warn, error/],
    [['up', '--data', ''], /'--data <dir>': '' is invalid/],
    [
      ['history', '--from', 'yesterdayish'],
      /'yesterdayish' is invalid: expected an ISO time such as 20.* or a span/,
    ],
    [['history', '--points', '0'], /'0' is invalid: expected a whole number above 0/],
    [['anomalies', '--from', '1h', '--to', '2h'], /--from \S+Z is not before --to \S+Z/],
    [['export', '--format', 'xml'], /'xml' is invalid: Allowed choices are jsonl/],
    [['validate', '--min-valid', '95'], /'95' is invalid: expected a number from 0 to 1/],
    [['top', '--sort', 'colour'], /'colour' is invalid: Allowed choices are cpu, memory, io/],
    [['record'], /missing required argument 'file'/],
    [['evaluate'], /missing required argument 'dir'/],
    [['evaluate', '.', '--jobs', 'all'], /'all' is invalid: expected a whole number above 0/],
    [['evaluate', '.', '--detectors', ','], /',' is invalid: expected names with commas between them/],
    [['evaluate', '.', '--ablation', '--scores', 'out'], /'--ablation' cannot be used with option '--scores/],
    [['model'], /'model' needs to be told what: list, show, .*; see 'homeostat model --help'/],
    [['model', 'nosuch'], /unknown command 'nosuch'; see 'homeostat model --help'/],
    [['model', 'show'], /missing required argument 'id'; see 'homeostat model show --help'/],
    [
      ['wal', 'replay', '--after', 'last'],
      /'last' is invalid: expected a number; see 'homeostat wal replay --h/,
    ],
    [['train', '--detectors', 'lstm,nosuch'], /no detector is named 'nosuch'; there are autoencoder, princ/],
    [['train', '--from', 'soon'], /'soon' is invalid: expected an ISO time such as 20.* or a span/],
  ]);
});

test('what it is told is hostile text on the terminal too', async (t) => {
  assertRefused(await homeostat(ownFolder(t), ['\x1b[31mred\nhomeostat: all is well']), /\\x1b\[31mred/);
});

test('a broken configuration is named by file, line, setting and what is allowed', async (t) => {
  const folder = ownFolder(t);
  const file = (name: string, text: string | Buffer): string[] => {
    writeFileSync(join(folder, name), text);
    return ['up', '--port', '0', '--data', 'data', '--config', name];
  };
  await refused(folder, [
    [file('syntax.yaml', 'serve:\n  port: [1\n'), /syntax\.yaml:\d: not valid YAML: .*; mend that line/],
    [file('twice.yaml', 'log: {}\nlog: {}\n'), /twice\.yaml:2: not valid YAML/],
    [
      file('key.yaml', 'learn:\n  nosuch: 1\n'),
      /key\.yaml:2: learn\.nosuch: is not a setting; known here: provis/,
    ],
    [
      file('section.yaml', 'log: {}\nlern: {}\n'),
      /section\.yaml:2: lern: is not a setting; known here: collect/,
    ],
    [
      file('value.yaml', 'learn:\n  provisional_after: soon\n'),
      /value\.yaml:2: .*"soon" is not a span of time/,
    ],
    [
      file('choice.yaml', 'learn:\n  detectors: [lstm, nosuch]\n'),
      /choice\.yaml:2: .*"nosuch" is not one of autoencoder, principal-residual/,
    ],
    [file('empty.yaml', 'learn:\n  detectors: []\n'), /empty\.yaml:2: .*\[\] is not a list of detectors/],
    [file('range.yaml', 'collect:\n  metrics_interval: 1y\n'), /range\.yaml:2: .*"1y" is not .* to 1h/],
    [
      file('type.yaml', 'store:\n  cap: 12\n'),
      /type\.yaml:2: store\.cap: 12 is not a size of .*such as 1GiB/,
    ],
    [file('list.yaml', '- a\n'), /list\.yaml:1: the configuration must be sections/],
    [file('bytes.yaml', Buffer.from([0xff, 0xfe, 0, 7])), /bytes\.yaml:1: /],
    [
      ['up', '--config', 'none.yaml'],
      /none\.yaml: the configuration cannot be read \(ENOENT\); check the path/,
    ],
    [['up', '--config', '.'], /\.: the configuration cannot be read \(EISDIR\)/],
  ]);
});

test('a data folder that cannot be used is named, with what to do', async (t) => {
  const folder = ownFolder(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'empty'));
  await refused(folder, [
    [['up', '--data', 'file'], /\/file: the data folder cannot be used \(EEXIST\).*another one with --data/],
    [['up', '--data', 'file/below'], /\/file\/below: the data folder cannot be used/],
    // Not even root makes a folder there.
    [['up', '--data', '/proc/nosuch'], /\/proc\/nosuch: the data folder cannot be used \(ENOENT\)/],
    [['status', '--data', 'file'], /\/file: the data folder cannot be read \(ENOTDIR\)/],
    [['history', '--data', 'empty'], /there is no history in .*\/empty: start Homeostat there first/],
    [['history', '--data', 'file'], /\/file: the data folder cannot be read \(ENOTDIR\); run as its owner/],
    [['anomalies', '--data', 'nosuch'], /there is no history in .*\/nosuch/],
    [['export', '--data', 'nosuch'], /there is no history in .*\/nosuch/],
    [['validate', '--data', 'nosuch'], /nothing to validate in .*\/nosuch: neither a log/, 1],
    [['train', '--data', 'nosuch'], /there is no history in .*\/nosuch/],
    [['train', '--data', 'file', '--out', 'made'], /\/file holds no telemetry that can be used/],
    [
      ['model', 'list', '--data', 'nosuch'],
      /there is no data folder .*\/nosuch; start Homeostat there first/,
    ],
    [['model', 'show', 'current', '--data', 'empty'], /no model is called 'current' in .*\/empty/],
    [['model', 'rollback', '--data', 'empty'], /no model came before the current one in .*\/empty/, 1],
    [
      ['status', '--data', 'empty'],
      /not running with the data folder .*\/empty; start it with 'homeostat up'/,
      1,
    ],
    [['top', '--data', 'nosuch'], /not running with the data folder .*\/nosuch/, 1],
    [['record', 'file'], /file exists already; name a new file/],
    [['record', 'nosuch/machine.json.gz'], /nosuch\/machine\.json\.gz cannot be written \(ENOENT\)/],
  ]);
});

test('an address that others can reach needs a token', async (t) => {
  const folder = ownFolder(t);
  const up = ['up', '--data', 'data', '--port', '0', '--host'];
  await refused(folder, [
    [
      [...up, '0.0.0.0'],
      /0\.0\.0\.0 can be reached from other machines, and no token is set: .*HOMEOSTAT_TOKEN/,
    ],
    [[...up, '0.0.0.0', '--token', 'short'], /serve\.token: what was given is not long enough/],
    [[...up, '192.0.2.1', '--token', '0123456789abcdef'], /192\.0\.2\.1 is not one of this machine/],
  ]);
  assertRefused(
    await homeostat(folder, [...up, '::'], { HOMEOSTAT_TOKEN: 'short' }),
    /^homeostat: HOMEOSTAT_TOKEN: serve\.token: what was given is not long enough/,
  );
});

test('a port in use is named, and nothing is left running', async (t) => {
  const folder = ownFolder(t);
  const other: Server = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const ended = await homeostat(folder, ['up', '--data', 'data', '--port', String(port)]);
  assertRefused(ended, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use .* choose another with --port`));
  assertRefused(await homeostat(folder, ['status', '--data', 'data']), /is not running/, 1);
});
