import type { Command } from 'commander';
import { duration, printable } from '../../lib/text.ts';
import type { BusStatus } from '../../model/bus.ts';
import { formatValue } from '../../model/display.ts';
import { requireHub } from '../client.ts';
import { addDataOption, addJsonOption } from '../options.ts';

export function addBus(program: Command): void {
  const bus = program.command('bus').description('what the bus of a running hub does');
  addJsonOption(addDataOption(bus.command('status')))
    .description('publishes by how they ended, what is in flight, and the log behind them')
    .action(async ({ data, json }: { data: string; json?: true }) => {
      const status = await requireHub(data).get<BusStatus>('bus');
      console.log(json ? JSON.stringify(status, null, 2) : render(status));
    });
}

function render({
  version,
  address,
  startedAt,
  at,
  published,
  duplicates,
  signaturesRequired,
  unsigned,
  inFlight,
  enrolment,
  enrolments,
  connections,
  limitedClients,
  log,
  self,
}: BusStatus): string {
  const line = (name: string, text: string): string => `${name.padEnd(12)} ${printable(text)}`;
  const { ok, retry, overload, limited, failed, invalid, denied } = published;
  const { open, pending, streams, refused } = connections;
  const refusedConnections = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const lines = [
    line(
      'Hub',
      `${version}, running for ${duration(at - startedAt)}, pid ${self.pid}, ${formatValue(self.rss, 'By')}`,
    ),
    line('Bus', `${address}, ${inFlight} in flight`),
    line('Published', `${ok} on disk (${duplicates} of them known before), ${invalid} invalid`),
    line(
      'Refused',
      `${retry + overload + limited} to be sent again (${limited} over a client's limits), ${failed} because the log failed, ${denied} of clients that are not let in`,
    ),
    line(
      'Enrolment',
      `${enrolment}, ${enrolments.enrolled} enrolled, ${enrolments.refused} refused, ${enrolments.heldBack} of addresses that must wait, ${enrolments.connectionsRefused} connections not taken`,
    ),
    line(
      'Connections',
      `${open} open (${pending} without a call yet), ${streams} streams, ${refusedConnections} not taken`,
    ),
    line(
      'Log',
      `${log.records} records, ${formatValue(log.fileBytes, 'By')} of at most ${formatValue(log.maxBytes, 'By')}, ${log.dropped} dropped at the bound`,
    ),
    line('Disk', `${log.waiting} records wait; it takes ${log.recordsPerSecond} a second`),
  ];
  if (signaturesRequired)
    lines.push(line('Signatures', `required; ${unsigned} envelopes had none that verifies`));
  for (const { client, limits } of limitedClients) {
    const counts = Object.entries(limits).map(([limit, count]) => `${limit} ${count}`);
    lines.push(line('Held back', `${client}: ${counts.join(', ')}`));
  }
  if (log.largest.length > 0) {
    const held = log.largest.map(({ client, bytes }) => `${client} ${formatValue(bytes, 'By')}`);
    lines.push(line('Held by', held.join(', ')));
  }
  const { count, last } = log.sharedKeys;
  if (last)
    lines.push(
      line(
        'Shared keys',
        `${count} kept for each client; last '${last.key}' of ${last.source}, which ${last.holder} had used`,
      ),
    );
  if (log.problem !== undefined) lines.push(line('NOT KEPT', log.problem));
  return lines.join('\n');
}
