import { printable } from '../src/lib/text.ts';
import { problem } from './state.ts';

/** Why what is shown may be old, above all else. */
export function Problem() {
  return (
    problem.value && (
      <p class="banner" role="alert">
        {printable(problem.value)}
      </p>
    )
  );
}
