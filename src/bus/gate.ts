import * as grpc from '@grpc/grpc-js';
import type { Client } from './clients.ts';

/**
 * Reads the messages of a call only when its client may send more: until then HTTP/2's flow control holds the client back, and
 * nothing of the message but the first 64 KiB is in memory.
 */
export function gate(
  call: grpc.ServerInterceptingCallInterface,
  client: Client,
  isStream: boolean,
): grpc.ServerInterceptingCall {
  return isStream ? new GatedStream(call, client) : new GatedUnary(call, client);
}

/** A call that is ended before anything of it is read. */
export function refused(
  call: grpc.ServerInterceptingCallInterface,
  details: string,
): grpc.ServerInterceptingCall {
  return new RefusedCall(call, details);
}

class RefusedCall extends grpc.ServerInterceptingCall {
  readonly #details: string;

  constructor(call: grpc.ServerInterceptingCallInterface, details: string) {
    super(call);
    this.#details = details;
  }

  override start(): void {
    super.sendStatus({ code: grpc.status.RESOURCE_EXHAUSTED, details: this.#details });
  }
}

abstract class Gated extends grpc.ServerInterceptingCall {
  protected readonly client: Client;
  #timer: NodeJS.Timeout | undefined;

  constructor(call: grpc.ServerInterceptingCallInterface, client: Client, hooks: Hooks) {
    const listener = new grpc.ServerListenerBuilder()
      .withOnReceiveMessage((message: Buffer, next) => {
        client.received(message.length);
        hooks.read?.();
        next(message);
      })
      .withOnCancel(() => {
        clearTimeout(this.#timer);
        hooks.gone?.();
      })
      .build();
    super(call, new grpc.ResponderBuilder().withStart((next) => next(listener)).build());
    this.client = client;
  }

  /** Reads one message when the client's bytes allow it. */
  protected readInTurn(): void {
    const wait = this.client.readWaitMs();
    if (wait === 0) super.startRead();
    else this.#timer = setTimeout(() => super.startRead(), wait);
  }
}

interface Hooks {
  read?(): void;
  gone?(): void;
}

class GatedStream extends Gated {
  constructor(call: grpc.ServerInterceptingCallInterface, client: Client) {
    super(call, client, {});
  }

  override startRead(): void {
    this.readInTurn();
  }
}

class GatedUnary extends Gated {
  #done: () => void = () => {};
  #overdue: NodeJS.Timeout | undefined;
  #began = false;

  constructor(call: grpc.ServerInterceptingCallInterface, client: Client) {
    const hooks: Hooks = {};
    super(call, client, hooks);
    client.openCalls++;
    hooks.read = () => this.#end();
    hooks.gone = () => {
      client.openCalls--;
      this.#end();
    };
  }

  override startRead(): void {
    // The second reading, after the message, is for the end of the call.
    if (this.#began) {
      super.startRead();
      return;
    }
    this.#began = true;
    this.#overdue = setTimeout(() => {
      this.client.hit('slow_upload');
      this.sendStatus({
        code: grpc.status.DEADLINE_EXCEEDED,
        details: `the message was not here after ${this.client.limits.uploadMs} ms`,
      });
    }, this.client.limits.uploadMs);
    this.#done = this.client.upload(() => this.readInTurn());
  }

  #end(): void {
    clearTimeout(this.#overdue);
    this.#done();
  }
}
