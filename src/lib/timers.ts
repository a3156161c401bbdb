/** The runtime's timers, as a parameter so that no test waits. */
export interface Timers {
  /** Calls once after `ms`; the result calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
