import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostPlatforms } from './host-platforms.ts';
import { classOf, isTypical, isWellFormed, type Platform, type ProcessClass, tellPlatform } from './paths.ts';

const CLASSES: readonly (readonly [Platform, ProcessClass, string])[] = [
  ['linux', 'system', '/usr/bin/bash'],
  ['linux', 'system', '/bin/sh'],
  ['linux', 'system', '/usr/lib/x86_64-linux-gnu'],
  ['linux', 'daemon', '/usr/sbin/sshd'],
  ['linux', 'daemon', '/usr/lib/systemd/systemd'],
  ['linux', 'daemon', '/lib/systemd/systemd-journald'],
  ['linux', 'daemon', '/usr/libexec/packagekitd'],
  ['linux', 'daemon', '/usr/lib/polkit-1/polkitd'],
  ['linux', 'application', '/usr/lib/firefox-esr/firefox-esr'],
  ['linux', 'application', '/opt/google/chrome/chrome'],
  ['linux', 'application', '/snap/code/1/usr/share/code/code'],
  ['linux', 'application', '/usr/local/bin/node'],
  ['linux', 'own', '/home/ada/bin/tool'],
  ['linux', 'own', '/tmp/go-build1/b001/exe/main'],
  ['linux', 'other', '/mnt/disk/tool'],
  ['darwin', 'daemon', '/usr/libexec/mobileassetd'],
  ['darwin', 'daemon', '/System/Library/PrivateFrameworks/CoreDuet.framework/Versions/A/Support/coreduetd'],
  ['darwin', 'system', '/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder'],
  ['darwin', 'system', '/bin/zsh'],
  ['darwin', 'application', '/Applications/Safari.app/Contents/MacOS/Safari'],
  ['darwin', 'application', '/opt/homebrew/bin/node'],
  ['darwin', 'application', '/Users/ada/Applications/Notes.app/Contents/MacOS/Notes'],
  ['darwin', 'own', '/Users/ada/bin/tool'],
  ['darwin', 'own', '/private/var/folders/x/y/T/tool'],
  ['windows', 'system', 'C:\\Windows\\explorer.exe'],
  ['windows', 'system', 'Registry'],
  ['windows', 'daemon', 'C:\\WINDOWS\\system32\\svchost.exe'],
  ['windows', 'daemon', 'C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4\\MsMpEng.exe'],
  ['windows', 'application', 'C:\\Program Files (x86)\\Steam\\steam.exe'],
  ['windows', 'application', 'C:\\Users\\ada\\AppData\\Local\\Programs\\code\\Code.exe'],
  ['windows', 'own', 'D:\\Users\\ada\\tool.exe'],
  ['windows', 'other', 'D:\\games\\game.exe'],
];

test('a path has the class of the first pattern of its platform', () => {
  for (const [platform, wanted, path] of CLASSES)
    assert.equal(classOf(path, platform), wanted, `${path} on ${platform}`);
});

test('paths are typical of the platforms on which programs are installed there', () => {
  const typical = (path: string): string[] =>
    (['linux', 'darwin', 'windows'] as const).filter((platform) => isTypical(path, platform));
  assert.deepEqual(typical('/usr/bin/ls'), ['linux', 'darwin']);
  assert.deepEqual(typical('/System/Library/CoreServices/Dock.app/Contents/MacOS/Dock'), ['darwin']);
  assert.deepEqual(typical('/home/ada/tool'), ['linux']);
  assert.deepEqual(typical('c:\\program files\\x\\x.exe'), ['windows']);
  assert.deepEqual(typical('\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe'), ['windows']);
  for (const path of ['/tmp/x', '/dev/shm/x', '/usr', 'relative', 'D:\\x.exe', '\\\\server\\share\\x.exe'])
    assert.deepEqual(typical(path), [], path);
});

test('a path that cannot be one of its platform is malformed', () => {
  assert.ok(isWellFormed('/usr/bin/ls', 'linux'));
  assert.ok(isWellFormed('/opt/a..b/tool', 'linux'));
  assert.ok(isWellFormed('\\\\server\\share\\x.exe', 'windows'));
  for (const path of ['bash', './bash', '/usr/../tmp/x', '/usr/bin/l\0s', 'C:\\x.exe', ''])
    assert.ok(!isWellFormed(path, 'linux'), path);
  assert.ok(!isWellFormed('/usr/bin/ls', 'windows'));
});

test('the platform is what the sender says, or what only one platform can have', () => {
  assert.equal(tellPlatform('/usr/bin/ls', 'Darwin'), 'darwin');
  assert.equal(tellPlatform('/Applications/A.app/Contents/MacOS/A', ''), 'darwin');
  assert.equal(tellPlatform('C:\\x.exe', ''), 'windows');
  assert.equal(tellPlatform('/usr/libexec/mobileassetd', 'amiga'), undefined);
  const hosts = new HostPlatforms();
  assert.equal(hosts.of('mac', '/usr/bin/ls', ''), 'linux');
  assert.equal(hosts.of('mac', '/Applications/A.app/Contents/MacOS/A', ''), 'darwin');
  assert.equal(hosts.of('mac', '/usr/bin/ls', ''), 'darwin');
  assert.equal(hosts.of('other', '/usr/bin/ls', ''), 'linux');
});
