import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Stage } from '../../../test/support/scans.ts';
import { KeptProfiles } from './kept-profiles.ts';

const HOSTILE = 'a\n"quoted" \u202e name';
let folder: string;
let path: string;
let problems: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeostat-profiles-'));
  path = join(folder, 'profiles.json');
  problems = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): KeptProfiles => new KeptProfiles({ path, onProblem: (problem) => problems.push(problem) });

function learn(profiles: KeptProfiles, minutes: number): void {
  const stage = new Stage([
    { pid: 2, name: HOSTILE, cpu: () => 0.2 },
    { pid: 3, name: 'job', ends: 300 },
  ]);
  while (stage.second < minutes * 60) profiles.observe(stage.scan(10), new Set());
}

describe('profiles of processes', () => {
  it('outlive a restart, in a file that nobody else may read', () => {
    const before = open();
    learn(before, 12);
    const known = before.answer(0).profiles;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    before.save();
    const after = open().answer(0).profiles;
    assert.deepEqual(
      after.map(({ kind, minutes, usual, lives }) => ({ kind, minutes, usual, lives })),
      known.map(({ kind, minutes, usual, lives, running }) => ({
        kind,
        minutes,
        usual,
        lives: lives - running,
      })),
    );
    assert.deepEqual(
      after.map(({ kind }) => kind),
      [`/usr/bin/${HOSTILE}`, '/usr/bin/job'],
    );
    assert.deepEqual(problems, []);
  });

  it('are learned anew where the file is damaged, or of another version, and that is said', () => {
    const before = open();
    learn(before, 12);
    before.save();
    const text = readFileSync(path, 'utf8');
    const damages = [
      text.replace('"ended":1', '"ended":2'),
      text.replace('profiles 1', 'profiles 9'),
      text.slice(0, 99),
      '',
    ];
    for (const damaged of damages) {
      writeFileSync(path, damaged);
      assert.deepEqual(open().answer(0).profiles, []);
    }
    assert.equal(problems.length, damages.length);
    assert.match(
      problems[0]!,
      /profiles\.json cannot be used \(its checksum does not fit\): profiles of processes are learned anew/,
    );
    assert.match(problems[1]!, /of another version/);
  });

  it('are watched on where they cannot be written, which is said once', () => {
    mkdirSync(path);
    problems = [];
    const profiles = open();
    learn(profiles, 35);
    assert.equal(profiles.answer(0).profiles.length, 2);
    assert.equal(problems.filter((problem) => problem.includes('cannot be written')).length, 1);
  });
});
