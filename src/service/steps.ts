/** What an installation does, one thing after the other: data, so that it can be shown before, and tested. */
export type Step =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly text: string;
      readonly mode: number;
      /** The group that may read it. */
      readonly group?: string;
      /** What is there already is left alone. */
      readonly keep?: true;
      /** UTF-16 with a byte order mark, for Windows. */
      readonly utf16?: true;
    }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number; readonly owner?: string }
  /** Whole folders or files, in the place of what was there. */
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  /** `written`: only where that stands in it, and not what others put there. */
  | { readonly kind: 'remove'; readonly path: string; readonly written?: string }
  | {
      readonly kind: 'run';
      readonly command: readonly string[];
      /** It may fail: what it undoes may not be there. */
      readonly mayFail?: true;
    };

/** A step in a line. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `write   ${step.path} (${octal(step.mode)}${step.group ? `, group ${step.group}` : ''})${step.keep ? ', unless it is there' : ''}`;
    case 'directory':
      return `make    ${step.path} (${octal(step.mode)}${step.owner ? `, of ${step.owner}` : ''})`;
    case 'copy':
      return `copy    ${step.from} to ${step.to}`;
    case 'remove':
      return `remove  ${step.path}`;
    case 'run':
      return `run     ${step.command.join(' ')}`;
  }
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
