import type { ServerResponse } from 'node:http';

/** A refusal in AWS's own words: what its SDKs and command line print. */
export interface AwsError {
  readonly kind: 'aws-error';
  readonly status: number;
  /** The exception's name, as in the header `x-amzn-errortype`. */
  readonly type: string;
  readonly message: string;
  /** AWS is of two minds: signature faults say `message`, Lambda's own exceptions `Message`. */
  readonly field: 'message' | 'Message';
}

/**
 * A fault of the signature itself, which AWS answers before any service sees the request.
 *
 * Source: answers of Lambda quoted in its users' issue reports, such as
 * `403 {"message":"The request signature we calculated does not match…"}` with
 * `x-amzn-errortype: InvalidSignatureException`.
 */
export function signatureError(type: string, message: string): AwsError {
  return { kind: 'aws-error', status: 403, type, message, field: 'message' };
}

/** An exception of a service, such as Lambda's `ResourceNotFoundException`. */
export function serviceError(status: number, type: string, message: string): AwsError {
  return { kind: 'aws-error', status, type, message, field: 'Message' };
}

/** The headers and body of an error, in the REST-JSON form that Lambda uses. */
export function sendAwsError(response: ServerResponse, error: AwsError, requestId: string): void {
  const body = JSON.stringify({ [error.field]: error.message });
  response.writeHead(error.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-errortype': error.type,
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}
