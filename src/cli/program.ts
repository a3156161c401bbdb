import { Command, CommanderError } from 'commander';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { printable } from '../lib/text.ts';
import { addAccess } from './commands/access.ts';
import { addAgent } from './commands/agent.ts';
import { addAnomalies } from './commands/anomalies.ts';
import { addBus } from './commands/bus.ts';
import { addConfig } from './commands/config.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addExport } from './commands/export.ts';
import { addFeedback } from './commands/feedback.ts';
import { addForecast } from './commands/forecast.ts';
import { addGrafana } from './commands/grafana.ts';
import { addHistory } from './commands/history.ts';
import { addHub } from './commands/hub.ts';
import { addIncident, addIncidents, addWhyNot } from './commands/incidents.ts';
import { addModel } from './commands/model.ts';
import { addNotify } from './commands/notify.ts';
import { addOpen } from './commands/open.ts';
import { addProfiles } from './commands/profiles.ts';
import { addRecommend } from './commands/recommend.ts';
import { addRecord } from './commands/record.ts';
import { addReplay } from './commands/replay.ts';
import { addService } from './commands/service.ts';
import { addStatus } from './commands/status.ts';
import { addTop } from './commands/top.ts';
import { addTrain } from './commands/train.ts';
import { addUp } from './commands/up.ts';
import { addValidate } from './commands/validate.ts';
import { addWal } from './commands/wal.ts';
import { version } from './version.ts';

/** The command line as a value, so that tests and the reference page can walk it. */
export function createProgram(): Command {
  const program = new Command('homeostat')
    .description(
      "Learns what is normal for this machine, says when it is not, says why and which process did it.\nAll data stays on this machine; only 'homeostat agent' tells a hub of yours.",
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError(false)
    .configureHelp({ sortOptions: true })
    .addHelpText(
      'after',
      '\nExamples:\n  homeostat up                 start and print the address of the dashboard\n  homeostat status             what it sees, how far it has learned\n  homeostat top                the machine and its processes, live\n  homeostat anomalies          what was unusual, why, and who did it\n\nExit codes: 0 done, 1 a failure, 2 wrong use or a wrong configuration.',
    );
  for (const add of [addUp, addStatus, addTop, addAnomalies, addProfiles, addHistory, addExport, addRecord])
    add(program);
  for (const add of [addForecast, addRecommend]) add(program);
  for (const add of [addIncidents, addIncident, addWhyNot, addFeedback, addReplay, addNotify]) add(program);
  for (const add of [addOpen, addAccess]) add(program);
  for (const add of [addTrain, addModel, addEvaluate]) add(program);
  for (const add of [addAgent, addHub, addBus, addWal, addValidate, addConfig, addService, addGrafana])
    add(program);
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return program;
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)];

/** Runs one command line and returns the exit code. Nothing but UserErrors and their like is printed without a stack. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(argv, { from: 'user' });
    // A command that ran to its end may still have found something wrong.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return explain(error, program, argv);
  }
}

function explain(error: unknown, program: Command, argv: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    complain(wrongUse(error, program, argv));
    return 2;
  }
  if (error instanceof UserError) {
    for (const line of [error.message, ...error.more]) complain(line);
    return error.exitCode;
  }
  if (errorCode(error) === 'EPIPE') return 0;
  complain(`${errorMessage(error)}; this is a defect, please report it with the lines below`);
  console.error(error);
  return 1;
}

/** Commander's own sentences, in one line, with the help that belongs to them. */
function wrongUse({ code, message }: CommanderError, program: Command, argv: readonly string[]): string {
  const words = argv.filter((word) => !word.startsWith('-'));
  const named = program.commands.find((command) => command.name() === words[0]);
  const inner = named?.commands.find((command) => command.name() === words[1]);
  const own = [named, inner].flatMap((command) => (command ? [`${command.name()} `] : [])).join('');
  if (code === 'commander.help') {
    const names = named?.commands.map((command) => command.name()).join(', ');
    return names
      ? `'${named?.name()}' needs to be told what: ${names}; see 'homeostat ${own}--help'`
      : `unknown command '${words[1] ?? ''}'; see 'homeostat --help'`;
  }
  const said = message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/ argument ('.*') is invalid\. /s, ': $1 is invalid: ')
    .replace(/\.$/, '');
  return `${said}; see 'homeostat ${own}--help'`;
}

const complain = (message: string): void => console.error(`homeostat: ${printable(message)}`);
