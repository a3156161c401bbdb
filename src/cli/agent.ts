import { availableParallelism, hostname, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bootId } from '../agent/machine.ts';
import { Renewal } from '../identity/renewal.ts';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { systemTimers as timers } from '../lib/timers.ts';
import { EVENT_CLASSES } from '../model/publish.ts';
import { CredentialFiles } from '../publish/credentials.ts';
import { openHubStream } from '../publish/hub-stream.ts';
import { Publisher } from '../publish/publisher.ts';
import { Outbox } from '../wal/outbox.ts';
import { syncFile } from '../wal/sync-beside.ts';
import type { AgentOptions } from './commands/agent.ts';
import { type Followed, type Follower, runDaemon } from './daemon.ts';
import { openDataFolder } from './data-folder.ts';
import { version } from './version.ts';

/** As `up`, and everything that is found is published to a hub. */
export async function agent(options: AgentOptions): Promise<void> {
  const identity = join(options.data, 'identity');
  await enrolFirst(options, identity);
  const credentials = new CredentialFiles(identity, options.hub);
  // Before anything else is opened: a host that is not enrolled is told so, and nothing was begun.
  const { name } = credentials.read();
  await runDaemon(options, (followed) => publishing(followed, credentials, name, options.hub));
}

async function enrolFirst({ data, enroll: word, name }: AgentOptions, folder: string): Promise<void> {
  if (word === undefined) {
    if (name !== undefined) throw new UserError('--name goes with --enroll: it is chosen when a host enrols');
    return;
  }
  openDataFolder(data);
  const { enroll } = await import('../identity/enroll.ts');
  const token = word === '-' ? await text(process.stdin) : word;
  const enrolled = await enroll({ token, name, folder, clock });
  const until = new Date(enrolled.expiresAt).toISOString();
  if (!enrolled.before)
    console.log(
      `Enrolled as ${enrolled.name} with the hub at ${enrolled.address}, until ${until} and then renewed by itself`,
    );
}

/** outbox -> publisher -> stream to the hub. */
function publishing(
  { settings, folder, host, log, coverage }: Followed,
  credentials: CredentialFiles,
  name: string,
  hub: string | undefined,
): Follower {
  const { metrics_interval: metricsMs, snapshot_interval: snapshotMs, max_log: maxBytes } = settings.publish;
  const place = join(folder, 'publish');
  makePrivateDirectory(place);
  const outbox = new Outbox({
    ...{ path: join(place, 'wal.db'), clock, maxBytes, classes: EVENT_CLASSES },
    ...{ kind: 'homeostat.v1.Event', source: name, sync: syncFile },
  });
  const publisher = new Publisher({
    ...{ clock, timers, random: Math.random, log, queue: outbox, maxBytes, credentials, coverage },
    ...{ metricsMs, snapshotMs, open: openHubStream },
    host: (named) => ({
      ...{ name: named, hostName: hostname(), osType: process.platform, osVersion: release() },
      ...{ bootId: bootId(host), cpus: availableParallelism(), memoryBytes: totalmem() },
      agentVersion: version(),
    }),
  });
  const renewal = new Renewal({ folder: join(folder, 'identity'), hub, clock, log });
  return {
    tick: (tick) => publisher.tick(tick),
    scan: (scan) => publisher.scan(scan),
    anomaly: (anomaly) => publisher.anomaly(anomaly),
    breach: (breach) => publisher.breach(breach),
    losses: () => publisher.losses(),
    status: () => ({ ...publisher.status(), certificateProblem: renewal.state().problem }),
    start: () => {
      publisher.start();
      renewal.start();
    },
    stop: async () => {
      renewal.stop();
      await publisher.stop();
      outbox.close();
    },
  };
}
