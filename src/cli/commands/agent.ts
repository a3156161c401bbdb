import { type Command, InvalidArgumentError } from 'commander';
import { hostArgument } from '../options.ts';
import { addDaemonOptions, type UpOptions } from './up.ts';

export interface AgentOptions extends UpOptions {
  /** `host:port`, where it is not the one of the enrolment. */
  readonly hub?: string;
  /** What `homeostat hub token create` printed. */
  readonly enroll?: string;
  /** What this host wants to be called at the hub. */
  readonly name?: string;
}

export function addAgent(program: Command): void {
  addDaemonOptions(program.command('agent'))
    .description('as up, and tell a hub what is found; this host must be enrolled with it')
    .option('--hub <address>', 'where the hub takes events, host:port (default: as enrolled)', hubArgument)
    .option('--enroll <token>', 'enrol this host first; - reads the token from standard input')
    .option('--name <host>', "with --enroll: its name at the hub (default: the machine's)", hostArgument)
    .action(async (options: AgentOptions) => {
      const { agent } = await import('../agent.ts');
      await agent(options);
    });
}

function hubArgument(text: string): string {
  if (!/^[^\s:/]+:\d{1,5}$|^\[[\da-fA-F:.]+\]:\d{1,5}$/.test(text))
    throw new InvalidArgumentError('expected host:port, such as hub.example.org:50051');
  return text;
}
