/** A request that cannot be answered: becomes the status and `{"error": message}`. One line: thing, value, remedy. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
