// `npm run faults`: starts Homeostat, lets it learn for a while, makes faults with real processes, and tells what was caught.
import { parseArgs } from 'node:util';
import { errorMessage, UserError } from '../../src/lib/errors.ts';
import { DURATION_HELP, parseDuration } from '../../src/lib/units.ts';
import { BUS_FAULTS, busTable, runBusFaults } from './bus/run.ts';
import { Cleanup } from './cleanup.ts';
import { Daemon } from './daemon.ts';
import { FAULTS, type Fault } from './faults.ts';
import { play } from './play.ts';
import { type Report, table } from './report.ts';
import { Stage } from './stage.ts';

const HELP = `usage: npm run faults -- [options]

  --only NAME    only this fault (more than once: these); ${FAULTS.map(({ name }) => name).join(', ')}
  --learn TIME   how long it may learn before the first fault (default: 3m)
  --quiet TIME   quiet time before each fault (default: 1m)
  --leak N       megabytes a minute that the leak takes (default: 20)
  --quick        the shortest useful form: a frozen service and a burnt core
  --bus          the faults of the bus instead, counted by key: ${BUS_FAULTS.map(({ name }) => name).join(', ')}
                 (--only names these then); they need strace and root or user namespaces
  --json         one JSON document instead of the table

Exit codes: 0 all caught with the right culprit (of the bus: nothing that was acknowledged is lost), 1 not so, 2 wrong use.`;

interface Plan {
  readonly faults: readonly Fault[];
  readonly learnMs: number;
  readonly quietMs: number;
  readonly leak: number;
  readonly json: boolean;
}

const QUICK = { only: ['freeze', 'burn-core'], learn: '75s', quiet: '5s' };
/** A process must have been watched for 24 scans, 5 s apart, before its silence tells anything. */
const SCANS_TO_LEARN = 26;

type Options = ReturnType<typeof parse>['values'];

function plan(values: Options): Plan {
  const leak = Number(values.leak ?? 20);
  if (!(leak > 0)) throw new UserError(`--leak ${values.leak}: expected a number of megabytes above 0`);
  return {
    faults: chosen(FAULTS, values.only ?? (values.quick ? QUICK.only : undefined)),
    learnMs: time('--learn', values.learn ?? (values.quick ? QUICK.learn : '3m')),
    quietMs: time('--quiet', values.quiet ?? (values.quick ? QUICK.quiet : '1m')),
    leak,
    json: values.json ?? false,
  };
}

/** Those of these names; all where there are none. */
function chosen<T extends { readonly name: string }>(faults: readonly T[], only?: readonly string[]): T[] {
  const unknown = only?.find((wanted) => !faults.some(({ name }) => name === wanted));
  if (unknown !== undefined)
    throw new UserError(`--only ${unknown}: there is no such fault; see 'npm run faults -- --help'`);
  return faults.filter(({ name }) => only === undefined || only.includes(name));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        learn: { type: 'string' },
        quiet: { type: 'string' },
        leak: { type: 'string' },
        quick: { type: 'boolean' },
        bus: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UserError(`${errorMessage(error)}; see 'npm run faults -- --help'`);
  }
}

function time(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UserError(`${option} ${text}: expected ${DURATION_HELP}`);
  return ms;
}

async function run(plan: Plan, cleanup: Cleanup): Promise<Report> {
  const tell = (line: string): void => console.error(line);
  const stage = new Stage(cleanup);
  const scenes = [];
  for (const fault of plan.faults)
    scenes.push({ fault, scene: await fault.set(stage, { leakMegabytesAMinute: plan.leak }) });
  const options = ['--learn-provisional', `${plan.learnMs}ms`];
  const interval = Math.floor(plan.learnMs / SCANS_TO_LEARN);
  if (interval < 5000) options.push('--processes-interval', `${interval}ms`);
  const daemon = await Daemon.start(options, cleanup);
  tell(`Homeostat runs (data folder ${daemon.folder}); it learns for ${plan.learnMs / 1000} s`);
  await daemon.learned(plan.learnMs + 120_000, tell);
  return { learnedMs: plan.learnMs, ...(await play(daemon, scenes, { quietMs: plan.quietMs, tell })) };
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parse(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.bus) {
    const results = await runBusFaults(chosen(BUS_FAULTS, values.only), (line) => console.error(line));
    console.log(values.json ? JSON.stringify(results) : `\n${busTable(results)}`);
    return results.every(({ ok }) => ok) ? 0 : 1;
  }
  const wanted = plan(values);
  const cleanup = new Cleanup();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void cleanup.end().finally(() => process.exit(130)));
  try {
    const report = await run(wanted, cleanup);
    console.log(wanted.json ? JSON.stringify(report) : `\n${table(report)}`);
    return report.results.every(({ caught, rightCulprit }) => caught && rightCulprit) ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`faults: ${errorMessage(error)}`);
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}
