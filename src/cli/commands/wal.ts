import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { UserError } from '../../lib/errors.ts';
import { formatValue } from '../../model/display.ts';
import { hubFolder, logFile } from '../hub-folder.ts';
import { lockHub } from '../hub-lock.ts';
import { openLog, requireLog } from '../open-log.ts';
import { addDataOption, addJsonOption, numberArgument } from '../options.ts';

interface WalOptions {
  readonly data: string;
  readonly json?: true;
}

export function addWal(program: Command): void {
  const wal = program.command('wal').description("look after the hub's log of events");
  const command = (name: string): Command => addJsonOption(addDataOption(wal.command(name)));
  command('stats').description('how many events it holds, of what time, and what they take').action(stats);
  command('verify')
    .description('walk all checksums and look for gaps; exit code 1 where something is damaged')
    .action(verify);
  command('backup')
    .argument('<file>', 'the copy; it must not exist')
    .description('write a whole copy, also while the hub runs')
    .action(backup);
  command('reset')
    .description('empty the log; the hub must not run')
    .option('--backup <file>', 'write a copy first')
    .option('--yes', 'do not ask, without a backup')
    .action(reset);
  command('replay')
    .description(
      'write the events to standard output in the order in which they came, one JSON object a line',
    )
    .option('--after <id>', 'only those after this id', numberArgument, 0)
    .action(replay);
}

async function stats({ data, json }: WalOptions): Promise<void> {
  const log = await openLog(data);
  const { oldestNs, newestNs, ...facts } = log.stats();
  log.close();
  const time = (ns: bigint | undefined): string | undefined =>
    ns === undefined ? undefined : new Date(Number(ns / 1_000_000n)).toISOString();
  if (json) {
    console.log(
      JSON.stringify({ ...facts, oldestNs: oldestNs?.toString(), newestNs: newestNs?.toString() }, null, 2),
    );
    return;
  }
  console.log(`Records  ${facts.records}, ids ${facts.firstId ?? '-'} to ${facts.lastId ?? '-'}
Size     ${formatValue(facts.fileBytes, 'By')}, of it ${formatValue(facts.bytes, 'By')} of envelopes
Sent     ${time(oldestNs) ?? '-'} to ${time(newestNs) ?? '-'}
Dropped  ${facts.dropped} at the bound`);
}

async function verify({ data, json }: WalOptions): Promise<void> {
  const log = await openLog(data);
  const { records, damage, missing, dropped } = log.verify((seen) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${seen} records`);
  });
  log.close();
  const unexplained = Math.max(0, missing - dropped);
  if (json) console.log(JSON.stringify({ records, damage, missing, dropped, unexplained }, null, 2));
  else {
    for (const { id, what } of damage.slice(0, 20)) console.log(`record ${id}: ${what}`);
    console.log(
      `${records} records, ${damage.length} damaged, ${missing} ids missing (${dropped} dropped at the bound)`,
    );
  }
  if (damage.length > 0 || unexplained > 0) process.exitCode = 1;
}

async function backup(file: string, { data, json }: WalOptions): Promise<void> {
  const log = await openLog(data);
  try {
    copy(log, file);
    const { records } = log.stats();
    console.log(
      json ? JSON.stringify({ file: resolve(file), records }) : `${records} records in ${resolve(file)}`,
    );
  } finally {
    log.close();
  }
}

function copy(log: { backup(target: string): void }, file: string): void {
  const target = resolve(file);
  if (existsSync(target))
    throw new UserError(`${target} is there already: choose another name, nothing is overwritten`);
  log.backup(target);
}

async function reset(options: WalOptions & { backup?: string; yes?: true }): Promise<void> {
  const { data, json } = options;
  requireLog(data);
  // Also while somebody is asked: no hub begins, and what was counted and copied is what is removed.
  const unlock = lockHub(hubFolder(data));
  try {
    const log = await openLog(data);
    const { records } = log.stats();
    try {
      if (options.backup !== undefined) copy(log, options.backup);
      else if (!options.yes) await confirm(`Empty the log of ${records} records without a backup?`);
    } finally {
      log.close();
    }
    for (const end of ['', '-wal', '-shm']) rmSync(`${logFile(data)}${end}`, { force: true });
    console.log(json ? JSON.stringify({ removed: records }) : `${records} records removed`);
  } finally {
    unlock();
  }
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UserError(`${question} Nobody can be asked here: add --backup FILE, or --yes`);
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asked.question(`${question} [y/N] `);
  asked.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('nothing was removed', 1);
}

async function replay({ data, after }: WalOptions & { after: number }): Promise<void> {
  if (!Number.isInteger(after) || after < 0)
    throw new UserError(`--after ${after}: expected the id of a record, a whole number`);
  const { decodeEnvelope } = await import('../../bus/decode.ts');
  const log = await openLog(data);
  try {
    for (const { bytes, timestampNs, ...record } of log.records(after)) {
      const line = JSON.stringify({
        ...record,
        timestampNs: timestampNs.toString(),
        envelope: decodeEnvelope(record.kind, bytes),
      });
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    }
  } finally {
    log.close();
  }
}
