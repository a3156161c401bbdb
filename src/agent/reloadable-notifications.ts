import type { Loss } from '../model/coverage.ts';
import type { Notice } from '../model/incident.ts';
import type { NotifySettings } from '../notify/settings.ts';
import { type Notifications, type NotificationsOptions, openNotifications } from './notifications.ts';

/** Notifications of which the settings can be exchanged while they run. */
export class ReloadableNotifications {
  readonly #options: NotificationsOptions;
  #now: Notifications | undefined;
  #started = false;
  /** What is told while the settings are exchanged. */
  #waiting: Notice[] | undefined;
  #earlier: Loss[] = [];

  private constructor(options: NotificationsOptions, now: Notifications | undefined) {
    this.#options = options;
    this.#now = now;
  }

  /** Throws a UserError where the settings cannot be used. */
  static async open(options: NotificationsOptions): Promise<ReloadableNotifications> {
    return new ReloadableNotifications(options, await openNotifications(options));
  }

  /** Tells people; undefined where nobody is to be told. */
  get tell(): ((notice: Notice) => void) | undefined {
    const waiting = this.#waiting;
    if (waiting) return (notice) => void waiting.push(notice);
    const now = this.#now;
    return now && ((notice) => now.tell(notice));
  }

  start(): void {
    this.#started = true;
    this.#now?.start();
  }

  /** What could not be told, also under earlier settings. */
  losses(): readonly Loss[] {
    return [...this.#earlier, ...(this.#now?.losses() ?? [])];
  }

  /** Other settings hold from now on; what was not delivered yet is told by them. Rejects where deliveries cannot be kept: then nobody is told. */
  async use(settings: NotifySettings): Promise<void> {
    const waiting: Notice[] = [];
    this.#waiting = waiting;
    this.#earlier.push(...(this.#now?.losses() ?? []));
    // The file of deliveries is one writer's.
    await this.#now?.stop();
    this.#now = undefined;
    try {
      this.#now = await openNotifications({ ...this.#options, settings });
      if (this.#started) this.#now?.start();
    } finally {
      this.#waiting = undefined;
    }
    for (const notice of waiting) this.#now?.tell(notice);
  }

  async stop(): Promise<void> {
    await this.#now?.stop();
  }
}
