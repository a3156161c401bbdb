import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network-address.ts';

test('an IPv4 address is its own, however it is written', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
});

test('addresses of one IPv6 /64 are one, wherever the zeros are left out', () => {
  for (const address of ['2001:db8::1', '2001:db8::9:8:7:6', '2001:db8:0:0:1::', '2001:db8::'])
    assert.equal(networkOf(address), '2001:db8:0:0', address);
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3::'])
    assert.equal(networkOf(address), '2001:db8:1:2', address);
  assert.equal(networkOf('::1'), '0:0:0:0');
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
});
