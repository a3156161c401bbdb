import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanMappings } from './give-back.ts';

const block = (head: string, dirty: number, anonymous: number): string =>
  `${head}\nSize:               8 kB\nRss:                8 kB\nPrivate_Dirty:         ${dirty} kB\nAnonymous:             ${anonymous} kB\nVmFlags: rd ex mr\n`;

test('only read-only mappings of files without private copies are given back', () => {
  const smaps = [
    block('00400000-00402000 r-xp 00000000 fe:00 1234                       /usr/bin/node', 0, 0),
    block('00402000-00403000 r--p 00002000 fe:00 1234                       /usr/bin/node', 4, 4),
    block('00404000-00406000 r--p 00004000 fe:00 1234                       /usr/bin/node', 8, 0),
    block('00403000-00404000 rw-p 00003000 fe:00 1234                       /usr/bin/node', 0, 0),
    block('7f0000000000-7f0000002000 r-xp 00000000 00:00 0                  [vdso]', 0, 0),
    block('7f1000000000-7f1000002000 r--p 00000000 00:00 0 ', 0, 0),
    block(
      '7f2000000000-7f2000001000 r--p 00000000 fe:00 99                 /usr/lib/a library with spaces.so',
      0,
      0,
    ),
  ].join('');
  assert.deepEqual(cleanMappings(smaps), [
    { address: 0x400000n, length: 0x2000n },
    { address: 0x404000n, length: 0x2000n },
    { address: 0x7f2000000000n, length: 0x1000n },
  ]);
});
