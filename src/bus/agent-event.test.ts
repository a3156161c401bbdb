import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, type Host_State } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { AgentSays } from '../../test/support/agent-events.ts';
import { fixtureAnomalies } from '../../test/support/fixture-anomalies.ts';
import { breach } from '../../test/support/situation.ts';
import { readAgentEvent } from './agent-event.ts';

const AT = 1_790_000_000_000;
const says = new AgentSays('web');
const read = (event: Event) => readAgentEvent(Event.encode(event).finish());
const [anomaly] = fixtureAnomalies(Array(3).fill({ from: AT, to: AT }), AT, AT);

test('each payload of an agent is what it said', () => {
  assert.deepEqual(read(says.metrics(AT, { 'system.cpu.utilization': 0.5 })), {
    ...{ kind: 'metrics', at: AT, values: [['system.cpu.utilization', 0.5]] },
  });
  assert.deepEqual(read(says.coverage(AT, false)), {
    ...{ kind: 'coverage', at: AT, healthy: false },
    losses: [{ what: 'ticks missed', why: 'late', count: 3, lastAt: AT }],
  });
  const host = read(says.host(AT, 'stopping'));
  assert.ok(host?.kind === 'host');
  assert.deepEqual([host.state, host.memoryBytes], ['stopping', 8_589_934_592]);
  const process = read(says.process(AT, 'end', 17));
  assert.ok(process?.kind === 'process');
  const { id, name, executable, cpu, uid, state } = process.process;
  assert.deepEqual(
    [process.life, id, name, executable, cpu, uid, state],
    ['end', '1f0c9e2a-17-4711', 'worker', '/usr/bin/worker', 0.25, 1000, 'S'],
  );
});

test('a breach comes whole, and what is none is not passed on', () => {
  const sent = breach('disk', 'system.filesystem.utilization', {
    ...{ kind: 'forecast', full: { at: AT + 2, earliest: AT + 1, latest: AT + 3 } },
  });
  const json = (text: string) => read(says.event(AT, { breach: { json: text } }));
  const told = json(JSON.stringify(sent));
  assert.ok(told?.kind === 'breach');
  assert.deepEqual(told.breach, sent);
  assert.equal(json(JSON.stringify({ ...sent, kind: 'machine' })), undefined);
  assert.equal(json(JSON.stringify({ ...sent, full: { at: 'soon' } })), undefined);
  assert.equal(json('{'), undefined);
});

test('an anomaly comes whole, and what is none is not passed on', () => {
  const told = read(says.anomaly(AT, anomaly!));
  assert.ok(told?.kind === 'anomaly');
  assert.deepEqual(JSON.parse(JSON.stringify(told.anomaly)), JSON.parse(JSON.stringify(anomaly)));
  const json = (text: string) => read(says.event(AT, { anomaly: { json: text } }));
  assert.equal(json('{"schema":1}'), undefined);
  assert.equal(json('no json'), undefined);
  assert.equal(json(JSON.stringify({ ...anomaly, metrics: 'many' })), undefined);
  assert.equal(json(JSON.stringify({ ...anomaly, sentence: 'x'.repeat(10_000) })), undefined);
  assert.equal(json(JSON.stringify({ ...anomaly, kind: 'silence' })), undefined);
  for (const name of ['since', 'raisedAt', 'closedAt'])
    for (const no of [-1, 1e17])
      assert.equal(json(JSON.stringify({ ...anomaly, [name]: no })), undefined, `${name} ${no} is no date`);
});

test('an event’s key names its process, with the name of its queue or without', () => {
  for (const key of ['web/1f0c9e2a-7-42/start/9', 'web/1f0c9e2a-7-42/start/0a1b2c3d/9']) {
    const told = read({ ...says.process(AT, 'start', 7), idempotencyKey: key });
    assert.equal(told?.kind === 'process' && told.process.id, '1f0c9e2a-7-42');
  }
});

test('text without end is cut', () => {
  const endless = 'x'.repeat(50_000);
  const process = { exe: endless, args: Array(100).fill(endless), cgroup: endless, containerId: endless };
  const told = read(
    says.event(AT, {
      process: { kind: 1, process: { ...process, osMetadata: { 'process.name': endless } } },
    }),
  );
  assert.ok(told?.kind === 'process');
  assert.ok(JSON.stringify(told).length < 10_000);
  const losses = Array.from({ length: 1000 }, () => ({ what: endless, why: 'late', count: 1n }));
  const coverage = read(says.event(AT, { coverage: { losses } }));
  assert.ok(coverage?.kind === 'coverage' && coverage.losses.length === 50);
  assert.ok(coverage.losses.every(({ what }) => what.length <= 256));
});

test('what says nothing that is known is nothing', () => {
  assert.equal(readAgentEvent(Uint8Array.of(0xff)), undefined);
  assert.equal(read(says.event(AT, {})), undefined);
  assert.equal(read(says.event(AT, { host: { state: 9 as Host_State } })), undefined);
  assert.equal(read(says.event(AT, { process: { kind: 0 } })), undefined);
});
