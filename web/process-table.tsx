import { printable } from '../src/lib/text.ts';
import type { ListedProcess } from '../src/model/process.ts';
import { COLUMNS } from './process-columns.ts';
import type { TreeRow } from './process-groups.ts';
import { sort, sortBy } from './process-list.ts';
import { Heading, moveInRows } from './rows.tsx';
import { openProcess } from './state.ts';

/** One row a process; in a tree the children below their parents. */
export function ProcessTable({ rows, tree }: { readonly rows: readonly TreeRow[]; readonly tree: boolean }) {
  return (
    <table onKeyDown={moveInRows} {...(tree && { role: 'treegrid' })}>
      <thead>
        <tr>
          {COLUMNS.map(({ id, title, number, wide }) => (
            <Heading
              key={id}
              name={id}
              title={title}
              number={number}
              wide={wide}
              sorted={sort.value.id !== id ? 'none' : sort.value.down ? 'descending' : 'ascending'}
              onSort={() => sortBy(id, number)}
            />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <Row key={row.process.id} row={row} tree={tree} first={index === 0} />
        ))}
      </tbody>
    </table>
  );
}

/** So deep a tree is still told apart on a screen. */
const DEEPEST = 12;

interface RowProps {
  readonly row: TreeRow;
  readonly tree: boolean;
  readonly first: boolean;
}

function Row({ row: { process, depth }, tree, first }: RowProps) {
  const show = () => (openProcess.value = process.id);
  return (
    <tr
      tabIndex={first ? 0 : -1}
      data-process={process.id}
      {...(tree && { 'aria-level': depth + 1 })}
      onClick={show}
      onKeyDown={(event) => {
        if (event.key === 'Enter') show();
      }}
    >
      {COLUMNS.map(({ id, number, wide, shown }) => (
        <td
          key={id}
          class={`${number ? 'number' : ''} ${wide ? 'wide' : ''} ${id}`}
          {...(id === 'name' &&
            depth > 0 && { style: { paddingLeft: `${Math.min(depth, DEEPEST) * 16}px` } })}
        >
          {id === 'name' ? <Name process={process} /> : shown(process)}
        </td>
      ))}
    </tr>
  );
}

function Name({ process }: { readonly process: ListedProcess }) {
  const invocation = [process.executable ?? process.invokedAs ?? '', ...process.args].join(' ').slice(0, 200);
  return (
    <>
      <span class="proc">{printable(process.name)}</span>
      <small class="path">{printable(invocation)}</small>
    </>
  );
}
