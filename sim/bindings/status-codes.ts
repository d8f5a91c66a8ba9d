/** Status codes of ES9+, ES11 and ESipa and the integers that stand for them in the ASN.1 binding. SGP.22 5.2.6, 5.6, 5.8, 6.6.2; SGP.32 5.14 */
import { DEFAULT_SPEC, existsIn, type Spec } from '#protocol/asn1/type.js';

/** statusCodeData of a JSON response header. SGP.22 6.5.1.4 */
export interface StatusCode {
  /** Dotted number of the element it is about, e.g. `8.2.6`. */
  readonly subjectCode: string;
  /** Dotted number of what is wrong with it, e.g. `3.8`. */
  readonly reasonCode: string;
  readonly subjectIdentifier?: string;
  readonly message?: string;
}

/** Interface and function that a table of status codes belongs to; HandleNotification has none. */
export type RspFunction =
  | 'ES9+.InitiateAuthentication'
  | 'ES9+.AuthenticateClient'
  | 'ES9+.GetBoundProfilePackage'
  | 'ES9+.CancelSession'
  | 'ES11.InitiateAuthentication'
  | 'ES11.AuthenticateClient'
  | 'ESipa.InitiateAuthentication'
  | 'ESipa.AuthenticateClient'
  | 'ESipa.GetBoundProfilePackage'
  | 'ESipa.CancelSession'
  | 'ESipa.GetEimPackage'
  | 'ESipa.ProvideEimPackageResult'
  | 'ESipa.TransferEimPackage';

/** A situation, its status code as `subject/reason`, and its integer in ASN.1 where the type has one. */
export interface StatusRow {
  readonly code: string;
  readonly integer?: number;
  /** First version whose type knows the integer. */
  readonly since?: Spec;
  readonly text: string;
}

const row = (code: string, integer: number | undefined, text: string, since?: Spec): StatusRow => ({
  code,
  text,
  ...(integer !== undefined && { integer }),
  ...(since && { since }),
});

const certificates = [
  row('8.1.2/6.1', 1, 'EUM certificate invalid'),
  row('8.1.2/6.3', 2, 'EUM certificate expired'),
  row('8.1.3/6.1', 3, 'eUICC certificate invalid'),
  row('8.1.3/6.3', 4, 'eUICC certificate expired'),
  row('8.1/6.1', 5, 'eUICC signature or serverChallenge invalid'),
];

const boundProfilePackage = [
  row('8.1/6.1', 1, 'eUICC signature invalid'),
  row('8.2.7/2.2', 2, 'Confirmation Code missing'),
  row('8.2.7/3.8', 3, 'Confirmation Code refused'),
  row('8.2.7/6.4', 4, 'Confirmation Code retries exceeded'),
  row('8.2/3.7', 5, 'Bound Profile Package not available for a new binding'),
  row('8.8.5/4.10', 6, 'download order expired'),
  row('8.10.1/3.9', 95, 'TransactionID unknown'),
];
const cancelSession = [row('8.10.1/3.9', 1, 'TransactionID unknown'), row('8.1/6.1', 2, 'eUICC signature invalid')];
/** SGP.32 tables 18 and 21. */
const eids = (since: Spec): readonly StatusRow[] => [
  row('8.1.1/3.9', 2, 'EID unknown to this eIM', since),
  row('8.1.1/2.1', 3, 'EID malformed', since),
  row('8.1.1/2.2', 4, 'EID missing', since),
];

/** Every status code a server may answer with, by function. Several codes may share an integer; the first one stands for it. */
export const STATUS_CODES: Readonly<Record<RspFunction, readonly StatusRow[]>> = {
  'ES9+.InitiateAuthentication': [
    row('8.8.1/3.8', 1, 'the address is not that of this SM-DP+'),
    row('8.8.3/3.1', 2, 'SVN of the eUICC not supported'),
    row('8.8.2/3.1', 3, 'none of the CI public keys is supported'),
    row('8.8.4/3.7', 3, 'no SM-DP+ certificate for the CI public keys of the eUICC'),
  ],
  'ES9+.AuthenticateClient': [
    ...certificates,
    row('8.2.6/3.8', 6, 'MatchingID refused'),
    row('8.1.1/3.8', 7, 'EID refused: another one is expected'),
    row('8.2.5/4.3', 8, 'no eligible Profile for this eUICC or Device'),
    row('8.11.1/3.9', 9, 'CI public key unknown'),
    row('8.10.1/3.9', 10, 'TransactionID unknown'),
    row('8.1/4.8', 11, 'not enough memory in the eUICC'),
    row('8.8.5/4.10', 18, 'download order expired', '1.3'),
    row('8.8.5/6.4', undefined, 'download attempts exceeded'),
    row('8.2/1.2', undefined, 'Profile not released'),
    row('8.1.4/6.1', undefined, 'EID outside the range of the EUM'),
  ],
  'ES9+.GetBoundProfilePackage': boundProfilePackage,
  'ES9+.CancelSession': [...cancelSession, row('8.8/3.10', undefined, 'the OID is not that of this SM-DP+')],
  'ES11.InitiateAuthentication': [
    row('8.9.1/3.8', 1, 'the address is not that of this SM-DS'),
    row('8.9.3/3.1', 2, 'SVN of the eUICC not supported'),
    row('8.9.2/3.1', 3, 'none of the CI public keys is supported'),
    row('8.9.4/3.7', 3, 'no SM-DS certificate for the CI public keys of the eUICC'),
  ],
  'ES11.AuthenticateClient': [
    ...certificates,
    row('8.9.5/3.9', 6, 'Event record unknown'),
    row('8.10.1/3.9', 7, 'TransactionID unknown'),
    // The type of ES11 has no integer of its own for an unknown CI.
    row('8.11.1/3.9', undefined, 'CI public key unknown'),
  ],
  // What an SM-DP+ or SM-DS answered to the eIM, and what the eIM itself found. SGP.32 tables 9a, 13a, 11a
  'ESipa.InitiateAuthentication': [
    row('8.8.1/3.8', 1, 'the address is not that of the SM-DP+'),
    row('8.9.1/3.8', 1, 'the address is not that of the SM-DS'),
    row('8.8.3/3.1', 2, 'SVN of the eUICC not supported by the SM-DP+'),
    row('8.9.3/3.1', 2, 'SVN of the eUICC not supported by the SM-DS'),
    row('8.8.2/3.1', 3, 'none of the CI public keys is supported by the SM-DP+'),
    row('8.8.4/3.7', 3, 'no SM-DP+ certificate for the CI public keys of the eUICC'),
    row('8.9.2/3.1', 3, 'none of the CI public keys is supported by the SM-DS'),
    row('8.9.4/3.7', 3, 'no SM-DS certificate for the CI public keys of the eUICC'),
    row('8.8.1/3.10', 50, 'the SM-DP+ gave another address'),
    row('8.8/3.10', 51, 'the SM-DP+ has another OID'),
    row('8.31.2/3.10', 52, 'eIM Transaction ID unknown', '1.1'),
  ],
  'ESipa.AuthenticateClient': [
    ...certificates,
    row('8.2.6/3.8', 6, 'MatchingID refused'),
    row('8.1.1/3.8', 7, 'EID refused: another one is expected'),
    row('8.2.5/4.3', 8, 'no eligible Profile for this eUICC or Device'),
    row('8.2/1.2', 8, 'Profile not released'),
    row('8.11.1/3.9', 9, 'CI public key unknown'),
    row('8.10.1/3.9', 10, 'TransactionID unknown'),
    row('8.1/4.8', 11, 'not enough memory in the eUICC'),
    row('8.8.5/4.10', 18, 'download order expired', '1.3'),
    row('8.8.5/6.4', undefined, 'download attempts exceeded'),
    row('8.2.8/1.2', 50, 'Profile Policy Rules not allowed'),
    row('8.9.5/3.9', 56, 'Event record unknown'),
  ],
  'ESipa.GetBoundProfilePackage': [...boundProfilePackage, row('8.2.9/3.11', 50, 'metadata differ from those of the eIM')],
  'ESipa.CancelSession': [...cancelSession, row('8.8/3.10', undefined, 'the SM-DP+ has another OID')],
  'ESipa.GetEimPackage': [row('8.1.1/3.7', 1, 'no eIM Package available'), ...eids('1.1')],
  'ESipa.ProvideEimPackageResult': eids('1.2'),
  // Table 15a is not settled; an IPA tells the integer in a member of its own.
  'ESipa.TransferEimPackage': [],
};

/** undefinedError: stands for every code without an integer of its own. */
export const UNDEFINED_ERROR = 127;

/** `8.2.6/3.8` as a status code; undefined when the text is none. */
export const parseCode = (text: string): StatusCode | undefined => {
  const found = /^\s*(\d+(?:\.\d+)*)\s*\/\s*(\d+(?:\.\d+)*)\s*$/.exec(text);
  return found?.[1] && found[2] ? { subjectCode: found[1], reasonCode: found[2] } : undefined;
};

/** A status code as `subject/reason`. */
export const codeText = (status: StatusCode): string => `${status.subjectCode}/${status.reasonCode}`;

/** The status code of a row or of a code that no row has, with the row's text as message. */
export const statusOf = (of: RspFunction, code: string): StatusCode => {
  const parsed = parseCode(code);
  if (!parsed) throw new TypeError(`expected a status code as subject/reason, got ${code}`);
  const known = STATUS_CODES[of].find(r => r.code === codeText(parsed));
  return known ? { ...parsed, message: known.text } : parsed;
};

/** What a server of the JSON binding answers where ASN.1 has this integer: execution error of the server when no code is known. */
export const statusOfInteger = (of: RspFunction, integer: number): StatusCode => {
  const known = STATUS_CODES[of].find(r => r.integer === integer);
  if (known) return statusOf(of, known.code);
  return { subjectCode: of.startsWith('ES11') ? '8.9' : '8.8', reasonCode: '4.2', message: 'execution error' };
};

/** The integer of a status code in a version of the ASN.1 binding; undefinedError when there is none. */
export const integerOf = (of: RspFunction, status: StatusCode, spec: Spec = DEFAULT_SPEC): number => {
  const known = STATUS_CODES[of].find(r => r.code === codeText(status));
  return known?.integer !== undefined && existsIn(spec, known) ? known.integer : UNDEFINED_ERROR;
};
