// Two faults of which the first fails when the terminal sends Ctrl-C to all of its group, before what it began is undone.
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runBusFaults } from './bus/run.ts';
import type { BusFault } from './bus/stand.ts';

const [file = ''] = process.argv.slice(2);

const first: BusFault = {
  name: 'first',
  what: 'its hub ends with the terminal',
  async make(cleanup) {
    cleanup.add(async () => {
      await sleep(500);
      rmSync(file);
    });
    writeFileSync(file, '');
    console.log('ready');
    await Promise.race([once(process, 'SIGINT'), sleep(60_000)]);
    writeFileSync(`${file}.late`, '');
    cleanup.add(() => rmSync(`${file}.late`));
    throw new Error('the hub is gone');
  },
};

const second: BusFault = { ...first, name: 'second', what: 'begins only after the first' };

await runBusFaults([first, second], (line) => console.log(line));
