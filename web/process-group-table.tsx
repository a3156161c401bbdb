import { useSignal } from '@preact/signals';
import type { ListedProcess } from '../src/model/process.ts';
import { optional } from './format.ts';
import { groupBy, type Layout, type ProcessGroup } from './process-groups.ts';
import { showOnly } from './process-list.ts';
import { compare, Heading, moveInRows } from './rows.tsx';
import { layout } from './state.ts';

interface ColumnDefinition {
  readonly id: string;
  readonly title: string;
  readonly of: (group: ProcessGroup) => number | string | undefined;
  readonly shown: (group: ProcessGroup) => string;
  readonly number: boolean;
  readonly wide?: boolean;
}

const usage = (
  id: string,
  title: string,
  unit: string,
  of: (group: ProcessGroup) => number | undefined,
  wide = false,
): ColumnDefinition => ({
  ...{ id, title, of, wide, number: true },
  shown: (group) => optional(of(group), unit),
});

const COLUMNS: readonly ColumnDefinition[] = [
  { id: 'name', title: 'Name', of: ({ name }) => name, shown: ({ name }) => name, number: false },
  usage('count', 'Processes', '{process}', ({ count }) => count),
  usage('cpu', 'CPU', '1', ({ cpu }) => cpu),
  usage('rss', 'Memory', 'By', ({ rss }) => rss),
  usage('read', 'Reads', 'By/s', ({ readRate }) => readRate, true),
  usage('write', 'Writes', 'By/s', ({ writeRate }) => writeRate, true),
  usage('threads', 'Threads', '{thread}', ({ threads }) => threads, true),
];

interface GroupTableProps {
  readonly by: Exclude<Layout, 'list' | 'tree'>;
  readonly processes: readonly ListedProcess[];
}

/** One row for all that have something in common; a click lists them. */
export function GroupTable({ by, processes }: GroupTableProps) {
  const sort = useSignal({ id: 'rss', down: true });
  const { id: chosen, down } = sort.value;
  const { of } = COLUMNS.find(({ id }) => id === chosen)!;
  const groups = groupBy(by, processes).toSorted(
    (one, other) => compare(of(one), of(other), down ? -1 : 1) || compare(one.name, other.name, 1),
  );
  return (
    <table onKeyDown={moveInRows}>
      <thead>
        <tr>
          {COLUMNS.map(({ id, title, number, wide = false }) => (
            <Heading
              key={id}
              name={id}
              title={title}
              number={number}
              wide={wide}
              sorted={chosen !== id ? 'none' : down ? 'descending' : 'ascending'}
              onSort={() => (sort.value = { id, down: chosen === id ? !down : number })}
            />
          ))}
        </tr>
      </thead>
      <tbody>
        {groups.map((group, index) => (
          <Row key={group.name} group={group} first={index === 0} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ group, first }: { readonly group: ProcessGroup; readonly first: boolean }) {
  const open = () => {
    showOnly(group.searched);
    layout.value = 'list';
  };
  return (
    <tr
      tabIndex={first ? 0 : -1}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key === 'Enter') open();
      }}
    >
      {COLUMNS.map(({ id, number, wide, shown }) => (
        <td key={id} class={`${number ? 'number' : ''} ${wide ? 'wide' : ''} ${id}`}>
          {id === 'name' ? <span class="proc">{shown(group)}</span> : shown(group)}
        </td>
      ))}
    </tr>
  );
}
