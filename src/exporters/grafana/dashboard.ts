import { type PanelSpec, ROWS } from './panels.ts';

/** Grafana's grid is 24 wide. */
const WIDTH = 24;
const SIZES = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 8 } } as const;
const SOURCE = { type: 'prometheus', uid: '$datasource' };

/** A dashboard for Grafana 9 and later over what `/metrics` has. The data source, the instances and the hosts are chosen in it. */
export function grafanaDashboard() {
  return {
    title: 'Homeostat',
    uid: 'homeostat',
    tags: ['homeostat'],
    schemaVersion: 37,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    templating: { list: variables() },
    annotations: { list: [] },
    panels: panels(),
  };
}

function variables() {
  const choice = (name: string, label: string, expr: string) => ({
    ...{
      name,
      label,
      type: 'query',
      datasource: SOURCE,
      definition: expr,
      query: { query: expr, refId: name },
    },
    ...{ refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*' },
    current: { text: ['All'], value: ['$__all'] },
  });
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    choice('instance', 'Instance', 'label_values({__name__=~"homeostat_build_info|hub_hosts"}, instance)'),
    choice('host', 'Host', 'label_values(homeostat_host_state{instance=~"$instance"}, host)'),
  ];
}

interface Placed {
  readonly targets: readonly { readonly expr: string }[];
  readonly [key: string]: unknown;
}

/** Rows one below the other, the panels of each from left to right. */
function panels() {
  const placed: Placed[] = [];
  let y = 0;
  let id = 0;
  for (const { title, panels: specs } of ROWS) {
    placed.push({
      id: ++id,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      targets: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y++;
    let x = 0;
    let height = 0;
    for (const spec of specs) {
      const { w, h } = SIZES[spec.kind];
      if (x + w > WIDTH || (height > 0 && h !== height)) {
        y += height;
        x = 0;
      }
      height = h;
      placed.push({ id: ++id, ...panel(spec), gridPos: { x, y, w, h } });
      x += w;
    }
    y += height;
  }
  return placed;
}

function panel({ title, kind, unit, queries, stacked, most, words }: PanelSpec) {
  const mappings = words
    ? [
        {
          type: 'value',
          options: Object.fromEntries(Object.entries(words).map(([value, text]) => [value, { text }])),
        },
      ]
    : [];
  const custom = {
    lineWidth: 1,
    fillOpacity: stacked ? 30 : 0,
    ...(stacked && { stacking: { mode: 'normal' } }),
  };
  return {
    ...{ title, type: kind, datasource: SOURCE },
    fieldConfig: {
      defaults: {
        ...{ unit: unit ?? 'none', mappings },
        ...(kind === 'timeseries' && { custom, min: 0 }),
        ...(most !== undefined && { max: most }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'none' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource: SOURCE, expr, legendFormat: legend },
    })),
  };
}
