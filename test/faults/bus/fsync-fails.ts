import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lostPages } from './lost-pages.ts';
import { type BusFault, Stand, until } from './stand.ts';

/** Of the hub's main thread; its start takes fewer. */
const FROM = 60;
const TO = 66;

export const fsyncFails: BusFault = {
  name: 'fsync-fails',
  what: 'fsync says EIO for a while (strace)',
  async make(cleanup) {
    const stand = await Stand.make(cleanup);
    const trace = join(stand.folder, 'trace');
    // -D: the hub stays our child, and gets our signals.
    const prefix = [
      ...['strace', '-D', '-f', '--seccomp-bpf', '-o', trace, '-e', 'trace=fsync,fdatasync'],
      ...['-e', `inject=fsync,fdatasync:error=EIO:when=${FROM}..${TO}`],
    ];
    const hub = await stand.hub({ prefix });
    for (let number = 0; number < 2; number++) stand.client(hub.address);
    await until('fsync fails', () => stand.refused() > 0);
    const injected = (): number => readFileSync(trace, 'utf8').split('INJECTED').length - 1;
    await until('fsync works again', () => injected() > TO - FROM);
    const before = stand.acknowledged();
    await until('events are taken again', () => stand.acknowledged() > before + 500);
    const figures = await (await fetch(`${hub.figures}/metrics`)).text();
    const failed = Number(/^bus_failed_total (\d+)$/m.exec(figures)?.[1]);
    await stand.drain();
    await hub.end();
    return {
      counts: stand.count(),
      seen: `${injected()} calls of fsync failed, ${failed} batches were refused`,
      made: failed > 0 && stand.refused() >= failed,
    };
  },
};

export const pagesLost: BusFault = {
  name: 'pages-lost',
  what: 'every fifth fsync fails and its pages are lost for good, then the power goes',
  async make(cleanup, short) {
    const { folder } = await Stand.make(cleanup);
    const { counts, refused, failed, powerLosses, wrong } = await lostPages(folder, {
      commits: short ? 600 : 3000,
      lookEvery: short ? 60 : 100,
    });
    const calls = Object.entries(failed).map(([file, count]) => `${count} of ${file}`);
    return {
      counts: { ...counts, damaged: counts.damaged + wrong },
      seen: `fsync failed: ${calls.join(', ')}; ${refused} commits were refused; ${powerLosses} power losses, ${wrong} of them lost something`,
      made: refused > 0 && Object.keys(failed).length > 1,
    };
  },
};
