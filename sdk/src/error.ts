/** One field that a refusal is about. */
export interface RefusedField {
  readonly field_name: string
  readonly reason: string
}

/** What is known of a call that failed. */
export interface Failure {
  readonly request_id: string
  readonly http_status?: number | undefined
  readonly code?: string | undefined
  readonly fields?: readonly RefusedField[]
  readonly retry_after?: number | undefined
  readonly outcome_unknown: boolean
}

/**
 * A call that brought no answer of its own. Thrown as one of the four classes below. Nothing in it
 * comes from the request: no card, no OTP, no API key.
 */
export class DirectOtpError extends Error {
  /** The call's `x-request-id`: what to look for in the server's log and the order's events. */
  readonly request_id: string
  /** The HTTP status, when there was an HTTP answer. */
  readonly http_status: number | undefined
  /** The answer's `error_code`, else its `status`, else its `error_info.code`. */
  readonly code: string | undefined
  /** The fields that are missing or wrong, where the server names them. */
  readonly fields: readonly RefusedField[]
  /** After how many seconds it is worth asking again, where the server says so. */
  readonly retry_after: number | undefined
  /**
   * Whether the call may have done its work although its answer was lost. Then only the order's
   * status tells; submitting an OTP again would be another attempt.
   */
  readonly outcome_unknown: boolean

  constructor(message: string, failure: Failure) {
    super(message)
    this.name = new.target.name
    this.request_id = failure.request_id
    this.http_status = failure.http_status
    this.code = failure.code
    this.fields = failure.fields ?? []
    this.retry_after = failure.retry_after
    this.outcome_unknown = failure.outcome_unknown
  }
}

/** The server will not do it, and says why (HTTP 4xx). */
export class RefusedError extends DirectOtpError {}

/** The server failed (HTTP 5xx), or the answer is not one of this API. */
export class ServerError extends DirectOtpError {}

/** There was no connection, or it broke before the whole answer was here. */
export class ConnectionError extends DirectOtpError {}

/** The answer was not here in time. */
export class TimeoutError extends DirectOtpError {}
