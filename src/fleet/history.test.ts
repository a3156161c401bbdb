import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histories, type HostHistory } from './history.ts';

function open(most: number) {
  const events: string[] = [];
  const histories = new Histories((host) => {
    events.push(`open ${host}`);
    return {
      maintain: () => events.push(`maintain ${host}`) < 0,
      close: () => events.push(`close ${host}`),
    } as unknown as HostHistory;
  }, most);
  const took = (): string[] => events.splice(0);
  return { histories, took };
}

test('so many are open at the most, and most of those that are used in turn stay open', () => {
  const { histories, took } = open(3);
  for (const host of ['a', 'b', 'c', 'd']) histories.of(host);
  assert.deepEqual(took(), ['open a', 'open b', 'open c', 'close c', 'open d']);
  for (const host of ['a', 'b', 'c', 'd']) histories.of(host);
  assert.deepEqual(took(), ['close b', 'open c']);
  histories.close();
});

test('what was written is compacted while it is open', () => {
  const { histories, took } = open(2);
  histories.of('a');
  histories.wrote('a');
  histories.maintain(5);
  histories.maintain(5);
  assert.deepEqual(took(), ['open a', 'maintain a']);
  histories.close();
  assert.deepEqual(took(), ['close a']);
});
