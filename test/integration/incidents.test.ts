import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Feedback } from '../../src/model/feedback.ts';
import type { Incident } from '../../src/model/incident.ts';
import { Daemon, homeostat, ownFolder } from '../support/daemon.ts';
import { Sink } from '../support/sink.ts';

/** A line that every machine crosses at once is a fault as real as any. */
const configuration = (sink: string, memory: string): string => `incidents:
  close_after: 2s
limits:
  memory: ${memory}
  memory_for: 1s
  clear_after: 1s
  forecast_within: off
  cpu: off
  disk: off
  inodes: off
  descriptors: off
notify:
  channels:
    hook: { type: webhook, url: '${sink}' }
`;

test('a real breach becomes an incident that is told, kept, annotated, closed with its evidence, and replayed', async (t) => {
  const folder = ownFolder(t);
  const sink = await Sink.start(t);
  const config = join(folder, 'homeostat.yaml');
  writeFileSync(config, configuration(sink.address, '1%'));
  const args = ['--config', config];
  const daemon = await Daemon.start(t, folder, { args });
  const data = ['--data', join(folder, 'data')];

  const run = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await homeostat(folder, [...words, ...data]);
    assert.deepEqual([code, stderr], [0, ''], words.join(' '));
    return stdout;
  };
  const listed = async (): Promise<readonly Incident[]> => JSON.parse(await run('incidents', '--json'));
  /** The incident, once it is as wanted. */
  const until = async (what: string, wanted: (incident: Incident) => boolean): Promise<Incident> => {
    for (let end = Date.now() + 40_000; ; await sleep(300)) {
      const [incident] = await listed();
      if (incident && wanted(incident)) return incident;
      if (Date.now() > end) assert.fail(`${what} did not come: ${JSON.stringify(incident, null, 1)}`);
    }
  };

  const { id, severity, decisions, cause } = await until('what the channel said', (one) =>
    one.decisions.some(({ told }) => told),
  );
  assert.equal(severity, 'LOW');
  assert.deepEqual(
    decisions.map(({ why }) => why),
    ['handed to the channels', 'told by hook'],
  );
  assert.match(sink.received[0]!.body, new RegExp(id));
  const served = await daemon.client.get<{ incidents: readonly Incident[] }>('incidents', { open: 'true' });
  assert.deepEqual(
    served.incidents.map((one) => one.id),
    [id],
  );

  const shown = await run('incident', id.slice(0, 6));
  for (const phrase of [
    /^LOW {2}open for/,
    /What happened\n/,
    /opened: told by hook/,
    /memory in use: [\d.]+ %, expected/,
    /Processes\n/,
  ])
    assert.match(shown, phrase);
  assert.match(await run('why-not'), /^Told {11}1 incident$/m);

  const whole = await homeostat(folder, ['incident', id, '--normal', ...data]);
  // On a machine at work some program may have taken memory just then, and is named.
  if (cause.startsWith('process ')) assert.match(whole.stdout, /^Would have muted 1 incident since /);
  else assert.match(whole.stderr, /names no program .* would silence the whole machine: add --this-hour/);
  const asked = await run('incident', id, '--normal', '--this-hour');
  assert.match(asked, /^Would have muted 1 incident since .*\n.*\nNothing was changed: add --yes/);
  await run('incident', id, '--normal', '--this-hour', '--yes');
  await until(
    'the mute',
    ({ expected }) => expected?.startsWith('a person said that this is normal') ?? false,
  );
  const [feedback] = JSON.parse(await run('feedback', 'list', '--json')) as readonly Feedback[];
  await run('feedback', 'undo', feedback!.id);
  await run('incident', id, '--confirm');
  await until(
    'the confirmation',
    ({ expected, verdict }) => expected === undefined && verdict === 'confirmed',
  );

  writeFileSync(config, configuration(sink.address, '100%'));
  process.kill(daemon.pid, 'SIGHUP');
  const over = await until('the end', ({ state }) => state === 'closed');
  assert.equal(over.verdict, 'confirmed');
  const end = await until('the end on the channel', (one) =>
    one.decisions.some(({ what, told }) => what === 'closed' && told),
  );
  assert.equal(end.decisions.length, 4);
  assert.equal((await daemon.end()).code, 0);

  const { evidence } = JSON.parse(await run('incident', id, '--json'));
  assert.ok(evidence.series.length > 20 && evidence.scans.length > 0, JSON.stringify(evidence.series));
  const [frame] = evidence.frames as readonly { metric: string; at: readonly number[] }[];
  assert.equal(frame?.metric, over.metrics[0]?.metric);
  assert.ok(frame?.at.some((at) => at > over.since && at < over.closedAt!));

  const replayed = JSON.parse(await run('replay', '--json', '--from', '1h'));
  const { added, gone, changed, same } = replayed;
  assert.deepEqual([added, gone, changed.length + same], [[], [], 1]);
});
