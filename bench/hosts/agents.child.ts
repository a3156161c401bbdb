// Simulated agents: agents.child.ts ADDRESS FOLDER NAME,NAME,... Standard output: `connected`, `broken`, `refused`, and for each
// batch that was acknowledged `kept MS KEY...`. It ends when its standard input does.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, PublishResponse_Status } from '../../proto/generated/homeostat/v1/telemetry.ts';
import { Random } from '../../src/lib/random.ts';
import { AgentSays, batchOfEvents } from '../../test/support/agent-events.ts';
import { StreamPublisher } from '../../test/support/bus.ts';
import { loadTrace } from '../../test/support/trace.ts';

const METRICS_MS = 10_000;
const PROCESSES = 100;
/** Processes that start and end between two reports of metrics. */
const CHANGES = 4;
const RETRY_MS = 1000;

const [address, folder, list] = process.argv.slice(2) as [string, string, string];
const { ticks } = loadTrace('virtual-machine');

class SimulatedAgent {
  readonly #name: string;
  readonly #says: AgentSays;
  readonly #random: Random;
  #stream: StreamPublisher | undefined;
  #sequence = 0;
  #pid = PROCESSES + 1;
  #tick: number;

  constructor(name: string, seed: number) {
    this.#name = name;
    this.#says = new AgentSays(name);
    this.#random = new Random(seed);
    this.#tick = this.#random.below(ticks.length);
  }

  async run(): Promise<void> {
    await sleep(this.#random.below(METRICS_MS));
    const now = Date.now();
    const first = Array.from({ length: PROCESSES }, (_, pid) => this.#says.process(now, 'snapshot', pid + 1));
    await this.#send([this.#says.host(now, 'up'), ...first]);
    const between = METRICS_MS / (CHANGES + 1);
    for (let number = 0; ; number++) {
      await sleep(between * (0.5 + this.#random.next()));
      await this.#send(number % (CHANGES + 1) === 0 ? [this.#metrics()] : this.#change());
    }
  }

  #metrics(): Event {
    const { metrics } = ticks[this.#tick++ % ticks.length]!;
    return this.#says.metrics(
      Date.now(),
      Object.fromEntries(metrics.map(({ series, value }) => [series.key, value])),
    );
  }

  #change(): Event[] {
    const at = Date.now();
    const pid = this.#pid++;
    return [this.#says.process(at - 1000, 'start', pid), this.#says.process(at, 'end', pid)];
  }

  /** Until it is acknowledged, on as many streams as that takes. */
  async #send(events: readonly Event[]): Promise<void> {
    const began = performance.now();
    for (;;) {
      try {
        const stream = await this.#open();
        stream.send(batchOfEvents(++this.#sequence, events));
        const { status, backoffHintMs } = await stream.next();
        if (status === PublishResponse_Status.STATUS_OK) break;
        console.log('refused');
        await sleep(backoffHintMs);
      } catch {
        if (this.#stream) console.log('broken');
        this.#stream?.close();
        this.#stream = undefined;
        await sleep(RETRY_MS * this.#random.next());
      }
    }
    const ms = (performance.now() - began).toFixed(2);
    console.log(`kept ${ms} ${events.map(({ idempotencyKey }) => idempotencyKey).join(' ')}`);
  }

  async #open(): Promise<StreamPublisher> {
    if (this.#stream) return this.#stream;
    const stream = new StreamPublisher(address, folder, this.#name);
    try {
      await stream.next();
    } catch (error) {
      stream.close();
      throw error;
    }
    this.#stream = stream;
    this.#sequence = 0;
    console.log('connected');
    return stream;
  }
}

process.stdin.resume().once('end', () => process.exit(0));
for (const [index, name] of list.split(',').entries()) void new SimulatedAgent(name, index + 1).run();
