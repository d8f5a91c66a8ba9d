/** What deviations do to the HTTP frames of ES9+, JSON binding. SGP.22 6.5 */
import type { Frame } from '../../adapters/adapter.js';

const NO_OBJECT: Readonly<Record<string, unknown>> = {};

const objectOf = (frame: Frame): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(Buffer.from(frame.body).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : NO_OBJECT;
  } catch {
    return NO_OBJECT;
  }
};

/** Whether a request is one of a function, by the last part of its path. */
export const isCallOf = (request: Frame, path: string): boolean => request.meta[':path']?.endsWith(`/${path}`) ?? false;

/** A member of the JSON object in the body. */
export const jsonMember = (frame: Frame, name: string): unknown => objectOf(frame)[name];

/** The frame with another JSON object; a body that is none stays. */
export const withJson = (frame: Frame, change: (object: Readonly<Record<string, unknown>>) => unknown, indent?: number): Frame => {
  const object = objectOf(frame);
  return object === NO_OBJECT ? frame : { ...frame, body: new Uint8Array(Buffer.from(JSON.stringify(change(object), null, indent))) };
};

/** An answer with a header and nothing else; without codes it reports success. SGP.22 6.5.1.4 */
export const refusedInHeader = (subjectCode?: string, reasonCode?: string): Frame => {
  const statusCodeData = subjectCode !== undefined && { statusCodeData: { subjectCode, reasonCode } };
  const header = { functionExecutionStatus: { status: statusCodeData ? 'Failed' : 'Executed-Success', ...statusCodeData } };
  return {
    meta: { ':status': '200', 'content-type': 'application/json;charset=UTF-8', 'x-admin-protocol': 'gsma/rsp/v2.5.0' },
    body: new Uint8Array(Buffer.from(JSON.stringify({ header }))),
  };
};
