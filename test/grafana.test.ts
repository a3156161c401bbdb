import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { grafanaDashboard } from '../src/exporters/grafana/dashboard.ts';

test('grafana/homeostat.json is the dashboard that the program prints', () => {
  const file = readFileSync(new URL('../grafana/homeostat.json', import.meta.url), 'utf8');
  assert.equal(
    file,
    `${JSON.stringify(grafanaDashboard(), null, 2)}\n`,
    "write what 'homeostat grafana' prints to grafana/homeostat.json",
  );
});

test('no panel lies over another one, and each has its own id', () => {
  const { panels } = grafanaDashboard();
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    const { x, y, w, h } = gridPos as { x: number; y: number; w: number; h: number };
    assert.ok(x + w <= 24);
    for (let column = x; column < x + w; column++)
      for (let row = y; row < y + h; row++) {
        assert.ok(!taken.has(`${column} ${row}`));
        taken.add(`${column} ${row}`);
      }
  }
});
