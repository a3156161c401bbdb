import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { ProcessFinding } from '../../model/anomaly.ts';
import type { ProcessScan } from '../../model/process.ts';
import type { ProfilesAnswer } from '../../model/profile.ts';
import { Profile, type StoredProfile } from './profile.ts';
import { Profiles } from './profiles.ts';

const FORMAT = 'homeostat-profiles 1';
/** What is learned in that time is lost where the program is killed. */
const SAVE_EACH_MS = 600_000;

export interface KeptProfilesOptions {
  /** The file that outlives restarts. */
  readonly path: string;
  /** Told when the file cannot be used, and once in a row of failures that it cannot be written: watching goes on. */
  onProblem(problem: string): void;
}

/** Profiles that outlive restarts. */
export class KeptProfiles {
  readonly #options: KeptProfilesOptions;
  readonly #profiles: Profiles;
  #savedAt: number | undefined;
  #failed = false;

  /** What is damaged, or of another version, is learned anew. */
  constructor(options: KeptProfilesOptions) {
    this.#options = options;
    this.#profiles = new Profiles({ stored: read(options) });
  }

  /** As `Profiles.observe`. */
  observe(scan: ProcessScan, suspects: ReadonlySet<string>): readonly ProcessFinding[] {
    const found = this.#profiles.observe(scan, suspects);
    this.#savedAt ??= scan.at;
    if (Math.abs(scan.at - this.#savedAt) >= SAVE_EACH_MS) {
      this.#savedAt = scan.at;
      this.save();
    }
    return found;
  }

  /** Of the kinds whose path holds `wanted`, all where it is left out; those that were seen most first. */
  answer(at: number, wanted?: string): ProfilesAnswer {
    return this.#profiles.answer(at, wanted);
  }

  save(): void {
    const body = JSON.stringify(this.#profiles.stored());
    try {
      writeFileAtomic(this.#options.path, `${FORMAT}\n${hash(body)}\n${body}`);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#options.onProblem(
          `${this.#options.path} cannot be written (${errorMessage(error)}): a restart would forget what processes usually do`,
        );
      this.#failed = true;
    }
  }
}

function read({ path, onProblem }: KeptProfilesOptions): readonly StoredProfile[] {
  try {
    // The body is JSON on one line.
    const [format, checksum, body = ''] = readFileSync(path, 'utf8').split('\n');
    if (format !== FORMAT) throw new Error('it is of another version');
    if (checksum !== hash(body)) throw new Error('its checksum does not fit');
    const stored = JSON.parse(body) as readonly StoredProfile[];
    for (const one of stored) new Profile(one.kind, one.firstSeenAt, one);
    return stored;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT')
      onProblem(`${path} cannot be used (${errorMessage(error)}): profiles of processes are learned anew`);
    return [];
  }
}

const hash = (body: string): string => createHash('sha256').update(body).digest('hex');
