import * as grpc from '@grpc/grpc-js';
import {
  EnrollRequest,
  EnrollResponse,
  ExamineRequest,
  ExamineResponse,
  RenewRequest,
  RenewResponse,
} from '../../proto/generated/homeostat/v1/identity.ts';

/** How the hub answered, or why it did not. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** The hub itself said no; else it could not be reached, or failed. */
  readonly refused: boolean;

  constructor({ code, details }: grpc.ServiceError) {
    super(details);
    const { PERMISSION_DENIED, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, RESOURCE_EXHAUSTED } =
      grpc.status;
    this.refused = [
      ...[PERMISSION_DENIED, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, RESOURCE_EXHAUSTED],
    ].includes(code);
  }
}

interface Message<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

export interface ClientFiles {
  readonly authorities: string;
  /** Left out for a host that has none yet. */
  readonly key?: string;
  readonly certificate?: string;
}

const DEADLINE_MS = 20_000;

/** A client of the hub's identity service, for a call or two. All PEM. Calls reject with a CallError. */
export class IdentityClient {
  readonly #client: grpc.Client;

  constructor(address: string, { authorities, key, certificate }: ClientFiles) {
    this.#client = new grpc.Client(
      address,
      grpc.credentials.createSsl(
        Buffer.from(authorities),
        key === undefined ? null : Buffer.from(key),
        certificate === undefined ? null : Buffer.from(certificate),
      ),
      {
        // The authority is the hub's own and signs no other server; the hub cannot know all names that lead to it.
        'grpc.ssl_target_name_override': 'localhost',
        'grpc.enable_retries': 0,
        // A connection of its own: one that another client of this process made may have an older certificate.
        'grpc.use_local_subchannel_pool': 1,
      },
    );
  }

  enroll(request: EnrollRequest): Promise<EnrollResponse> {
    return this.#call('Enroll', EnrollRequest, EnrollResponse, request);
  }

  renew(request: RenewRequest): Promise<RenewResponse> {
    return this.#call('Renew', RenewRequest, RenewResponse, request);
  }

  examine(request: ExamineRequest): Promise<ExamineResponse> {
    return this.#call('Examine', ExamineRequest, ExamineResponse, request);
  }

  close(): void {
    this.#client.close();
  }

  #call<Q, A>(name: string, query: Message<Q>, answer: Message<A>, request: Q): Promise<A> {
    return new Promise((resolve, reject) =>
      this.#client.makeUnaryRequest(
        `/homeostat.v1.IdentityService/${name}`,
        (message: Q) => Buffer.from(query.encode(message).finish()),
        (bytes: Buffer) => answer.decode(bytes),
        request,
        { deadline: Date.now() + DEADLINE_MS },
        (error, message) => (error ? reject(new CallError(error)) : resolve(message!)),
      ),
    );
  }
}
