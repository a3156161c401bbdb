import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import { exclusively } from '../../lib/exclusive.ts';
import type { Feedback } from '../../model/feedback.ts';

const pathOf = (folder: string): string => join(folder, 'feedback.json');

/** What people said of the incidents of a folder, oldest first. Throws a UserError where the file cannot be read. */
export function readFeedback(folder: string): readonly Feedback[] {
  const path = pathOf(folder);
  try {
    const { feedback } = JSON.parse(readFileSync(path, 'utf8')) as { feedback: readonly Feedback[] };
    if (!Array.isArray(feedback)) throw new Error('it holds no list');
    return feedback;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new UserError(`${path} cannot be read (${errorMessage(error)}): mend it, or move it away`, 1);
  }
}

/** Changes it, whoever else does so at the same time; what runs takes it over by itself. Throws a UserError where it cannot be written. */
export function changeFeedback(
  folder: string,
  change: (feedback: readonly Feedback[]) => readonly Feedback[],
): void {
  const path = pathOf(folder);
  try {
    exclusively(`${path}.lock`, () => {
      writeFileAtomic(
        path,
        `${JSON.stringify({ schema: 1, feedback: change(readFeedback(folder)) }, null, 2)}\n`,
      );
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be written (${errorMessage(error)}): run as its owner`, 1);
  }
}

/** Reads it again whenever it was changed. */
export class FeedbackWatch {
  readonly #folder: string;
  readonly #onProblem: (problem: string) => void;
  #stamp = '';
  #feedback: readonly Feedback[] = [];

  /** `onProblem`: told once of each change that cannot be read; what was known before then holds. */
  constructor(folder: string, onProblem: (problem: string) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  get feedback(): readonly Feedback[] {
    return this.#feedback;
  }

  /** True where there is something new. One look at the file's times. */
  look(): boolean {
    const stat = statSync(pathOf(this.#folder), { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    try {
      this.#feedback = readFeedback(this.#folder);
      return true;
    } catch (error) {
      this.#onProblem(errorMessage(error));
      return false;
    }
  }
}
