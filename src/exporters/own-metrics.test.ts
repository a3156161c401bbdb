import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fixtureStatus } from '../../test/support/fixture-status.ts';
import { ownFamilies } from './own-metrics.ts';

const NOW = Date.UTC(2026, 10, 21);

it('what is known of Homeostat is told, and what is not known has no point', () => {
  const forecast = { metric: 'm', limit: 'memory', subject: 'memory', at: NOW, level: 0.9, why: '' };
  const families = ownFamilies({
    status: fixtureStatus('empty', NOW - 1000, NOW, undefined),
    openAnomalies: ['HIGH', 'HIGH'],
    openIncidents: [{ severity: 'LOW', kind: 'threshold' }],
    forecasts: [forecast, { ...forecast, metric: 'n', full: { at: 9000, earliest: 8000, latest: 10_000 } }],
    cpuSeconds: 1.5,
  });
  const pointsOf = (name: string) =>
    families.find((family) => family.name === name)?.points.filter(({ value }) => value !== 0);
  assert.deepEqual(pointsOf('homeostat.anomalies.open'), [{ attributes: { severity: 'HIGH' }, value: 2 }]);
  assert.deepEqual(pointsOf('homeostat.incidents.open'), [
    { attributes: { severity: 'LOW', kind: 'threshold' }, value: 1 },
  ]);
  assert.deepEqual(
    pointsOf('homeostat.forecast.full.timestamp')?.map(({ attributes, value }) => [attributes.when, value]),
    [
      ['likely', 9],
      ['earliest', 8],
      ['latest', 10],
    ],
  );
  assert.equal(pointsOf('homeostat.score.threshold'), undefined);
  assert.equal(pointsOf('homeostat.otlp.sent'), undefined);
  for (const { points } of families) for (const { value } of points) assert.ok(Number.isFinite(value));
});
