import { X509Certificate } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import {
  EnrollRequest,
  EnrollResponse,
  ExamineRequest,
  ExamineResponse,
} from '../../proto/generated/homeostat/v1/identity.ts';
import { AttemptLimit } from '../lib/attempt-limit.ts';
import type { Clock } from '../lib/clock.ts';
import { type ConnectionLimits, Connections } from '../lib/connections.ts';
import type { Log } from '../lib/log.ts';
import { decode, statusOf } from './answers.ts';
import type { Issuer } from './issuer.ts';
import { Refusal } from './refusal.ts';

export interface EnrolmentOptions {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a server that asks nobody for a certificate. */
  readonly credentials: grpc.ServerCredentials;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Where hosts publish. */
  readonly busPort: () => number;
}

/** Requests for a first certificate since the start, by how they ended. */
export interface EnrolmentFigures {
  readonly enrolled: number;
  /** For a token, a name, a clock or a request that will not do. */
  readonly refused: number;
  /** Of addresses with too many failed attempts: nothing of them was looked at. */
  readonly heldBack: number;
  /** Connections that were not taken or that ended without a call. */
  readonly connectionsRefused: number;
}

/** A request is a token, a name and a signing request: less than a kilobyte. */
const MAX_BYTES = 16 * 1024;
/** Calls that one connection may have open. */
const MAX_STREAMS = 4;

/**
 * Nobody here is known, so that no connection is ever claimed: each ends after ten seconds, and when all places are taken the network
 * that has most of them gives back its oldest. The hub's descriptors are the bus's; one call, which takes a moment, is all that anybody needs.
 */
const CONNECTIONS: ConnectionLimits = {
  connections: 64,
  pending: 60,
  pendingMs: 10_000,
  connectsPerSecond: 10,
  connectsBurst: 200,
};

/** Where hosts without a certificate get their first one, for a token; on a port of its own, as nobody else is let in without. */
export class EnrolmentServer {
  readonly #options: EnrolmentOptions;
  readonly #server: grpc.Server;
  readonly #connections: Connections<never>;
  readonly #limit: AttemptLimit;
  #enrolled = 0;
  #refused = 0;
  #heldBack = 0;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
    this.#limit = new AttemptLimit(options.clock);
    this.#server = new grpc.Server({
      'grpc.max_receive_message_length': MAX_BYTES,
      'grpc.max_concurrent_streams': MAX_STREAMS,
    });
    const injector = this.#server.createConnectionInjector(options.credentials);
    this.#connections = new Connections(CONNECTIONS, (socket) => injector.injectConnection(socket));
    this.#register('Enroll', (bytes, address) => this.#enroll(bytes, address));
    this.#register('Examine', (bytes, address) => this.#examine(bytes, address));
  }

  /** The port that it listens on. Throws UserError where the address is in use or not to be had. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return this.#connections.listen(host, port, 'hosts cannot be enrolled', '--enroll-port');
  }

  figures(): EnrolmentFigures {
    const connectionsRefused = Object.values(this.#connections.refused).reduce(
      (sum, count) => sum + count,
      0,
    );
    const [enrolled, refused, heldBack] = [this.#enrolled, this.#refused, this.#heldBack];
    return { enrolled, refused, heldBack, connectionsRefused };
  }

  /** Ends at once: whoever was about to enrol tries again. */
  close(): void {
    this.#connections.close();
    this.#server.forceShutdown();
  }

  #register(name: string, answer: (bytes: Buffer, address: string) => Promise<Uint8Array>): void {
    this.#server.register<Buffer, Buffer>(
      `/homeostat.v1.IdentityService/${name}`,
      (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        // Without the port: a host's attempts count together, however many connections it makes.
        const address = call.getPeer().replace(/:\d+$/, '');
        this.#limited(address, () => answer(call.request, address)).then(
          (bytes) => callback(null, Buffer.from(bytes)),
          (error) => callback(statusOf(error, `${name} from ${address}`, this.#options.log)),
        );
      },
      (bytes) => bytes,
      (bytes) => bytes,
      'unary',
    );
  }

  async #limited(address: string, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const waitMs = this.#limit.waitMs(address);
    if (waitMs > 0) {
      this.#heldBack++;
      throw new Refusal(
        'busy',
        `too many failed attempts from ${address}; try again in ${Math.ceil(waitMs / 1000)} s`,
      );
    }
    try {
      return await work();
    } catch (error) {
      this.#failed(address);
      throw error;
    }
  }

  #failed(address: string): void {
    this.#limit.failed(address);
    if (this.#limit.waitMs(address) > 0)
      this.#options.log.warn(`too many failed attempts from ${address}: it is not heard for now`, {
        address,
      });
  }

  async #enroll(bytes: Buffer, address: string): Promise<Uint8Array> {
    const { issuer, clock, log, busPort } = this.#options;
    // Counted as refused until it is not.
    this.#refused++;
    const request = decode(() => EnrollRequest.decode(bytes));
    const { certificate, authorities } = await issuer.enroll(request);
    this.#refused--;
    this.#enrolled++;
    log.info(`${request.hostName} was enrolled from ${address}`, { host: request.hostName, address });
    const hubTimeMs = BigInt(clock.now());
    return EnrollResponse.encode({ certificate, authorities, busPort: busPort(), hubTimeMs }).finish();
  }

  async #examine(bytes: Buffer, address: string): Promise<Uint8Array> {
    const { issuer, clock, log } = this.#options;
    const request = decode(() => ExamineRequest.decode(bytes));
    const shown = decode(() => new X509Certificate(request.certificate));
    const { reason, name } = issuer.examine(shown);
    if (reason) {
      this.#failed(address);
      log.warn(`refused: ${reason}`, { host: name, address });
    }
    return ExamineResponse.encode({
      ...{ admitted: reason === '', reason, hubTimeMs: BigInt(clock.now()) },
    }).finish();
  }
}
