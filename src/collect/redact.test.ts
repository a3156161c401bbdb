import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactArguments, redactText } from './redact.ts';

const CASES: readonly (readonly [given: readonly string[], expected: readonly string[]])[] = [
  [
    ['app', '--password=hunter2 x'],
    ['app', '--password=***'],
  ],
  [
    ['app', '--db-password', 'hunter2', '-v'],
    ['app', '--db-password', '***', '-v'],
  ],
  [
    ['env', 'DB_PASSWORD=hunter2', 'GITHUB_TOKEN=abc', 'app'],
    ['env', 'DB_PASSWORD=***', 'GITHUB_TOKEN=***', 'app'],
  ],
  [
    ['app', '--clientSecret=abc', '--api-key', 'abc'],
    ['app', '--clientSecret=***', '--api-key', '***'],
  ],
  [
    ['/usr/bin/mysql', '-phunter2', '-u', 'root'],
    ['/usr/bin/mysql', '-p***', '-u', 'root'],
  ],
  [
    ['sudo', 'mysqldump', '-p', 'hunter2', 'db'],
    ['sudo', 'mysqldump', '-p', '***', 'db'],
  ],
  [
    ['sshpass', '-p', 'hunter2', 'ssh', 'host'],
    ['sshpass', '-p', '***', 'ssh', 'host'],
  ],
  [
    ['curl', '-u', 'me:hunter2', 'https://a'],
    ['curl', '-u', '***', 'https://a'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer abcdef123'],
    ['curl', '-H', 'Authorization: ***'],
  ],
  [
    ['curl', 'https://me:p@ss@host/x?token=abc&y=1'],
    ['curl', 'https://***@host/x?token=***&y=1'],
  ],
  [
    ['redis-cli', '-a', 'hunter2'],
    ['redis-cli', '-a', '***'],
  ],
  [
    ['docker', 'login', '-p', 'hunter2'],
    ['docker', 'login', '-p', '***'],
  ],
  [
    ['docker', 'run', '-p', '80:80', '-e', 'API_TOKEN=x'],
    ['docker', 'run', '-p', '80:80', '-e', 'API_TOKEN=***'],
  ],
  [
    ['sh', '-c', 'mysql -u root -phunter2 db'],
    ['sh', '-c', 'mysql -u root -p*** db'],
  ],
  [
    ['sh', '-c', "sshpass -p 's3cr3t pw' ssh host; mongosh -u me -p s3cr3tpw db"],
    ['sh', '-c', 'sshpass -p *** ssh host; mongosh -u me -p *** db'],
  ],
  [
    ['sh', '-c', 'redis-cli -h cache -a s3cr3tpw ping; mariadb-dump -ps3cr3tpw db'],
    ['sh', '-c', 'redis-cli -h cache -a *** ping; mariadb-dump -p*** db'],
  ],
  [
    ['mongosh', '-u', 'me', '-p', 's3cr3tpw'],
    ['mongosh', '-u', 'me', '-p', '***'],
  ],
  [
    ['mosquitto_pub', '-u', 'me', '-P', 's3cr3tpw', '-p', '1883'],
    ['mosquitto_pub', '-u', 'me', '-P', '***', '-p', '1883'],
  ],
  [
    ['mysql', '-P', '3306', '-h', 'db'],
    ['mysql', '-P', '3306', '-h', 'db'],
  ],
  [
    ['psql', '-p', '5432', 'db'],
    ['psql', '-p', '5432', 'db'],
  ],
  [
    ['sh', '-c', 'cd /; PASSWORD="a b" app --token abc -v'],
    ['sh', '-c', 'cd /; PASSWORD=*** app --token *** -v'],
  ],
  [
    ['app', 'AKIAIOSFODNN7EXAMPLE'],
    ['app', '***'],
  ],
  [
    ['app', '{"password": "hunter2", "n": 1}'],
    ['app', '{"password": ***, "n": 1}'],
  ],
  [
    ['ssh', '-p', '22', 'host'],
    ['ssh', '-p', '22', 'host'],
  ],
  [
    ['nginx', '-g', 'daemon off;'],
    ['nginx', '-g', 'daemon off;'],
  ],
  [
    ['app', '--password-file=/run/secret'],
    ['app', '--password-file=/run/secret'],
  ],
];

test('secrets in command lines are hidden, all else stays', () => {
  for (const [given, expected] of CASES) assert.deepEqual(redactArguments(given), expected);
});

test('text without secrets is the same text', () => {
  const text = 'node --max-old-space-size=512 server.js --port 80 key=1 passed=3 --bypass=1 a_bypass: x';
  assert.equal(redactText(text), text);
});

test('a hostile argument of a megabyte is done in linear time', () => {
  for (const part of [
    'a',
    'eyJ',
    '-',
    '://',
    'password ',
    'x-',
    'mysql -',
    'mysql -p"',
    "redis-cli -a'",
    ' --a',
    'pass',
  ]) {
    assert.equal(typeof redactText(part.repeat(1_000_000 / part.length)), 'string');
  }
});
