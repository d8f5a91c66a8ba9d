/** The functions of ES9+ and ES11: JSON members and the fields of the ASN.1 messages they stand for. SGP.22 6.5.2, 6.6.2 */
import type { Type } from '#protocol/asn1/type.js';
import {
  AuthenticateClientRequest,
  AuthenticateClientResponseEs9,
  AuthenticateClientResponseEs11,
  CancelSessionRequestEs9,
  CancelSessionResponseEs9,
  GetBoundProfilePackageRequest,
  GetBoundProfilePackageResponse,
  HandleNotification,
  InitiateAuthenticationRequest,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import type { RspFunction } from './status-codes.js';

/** How a JSON member carries a field: hex of the value, base64 of the value, base64 of the complete TLV, text, or event entries. */
export type MemberForm = 'hex' | 'raw64' | 'der64' | 'text' | 'events';

/** A JSON member and the field it stands for. */
export interface JsonMember {
  readonly name: string;
  /** Field of the ASN.1 structure. */
  readonly field: string;
  readonly form: MemberForm;
  /** Tags that the complete TLV may start with. */
  readonly tags?: readonly number[];
  /** Another spelling that is accepted, never written. */
  readonly alias?: string;
  /** The field has an EXPLICIT tag around the TLV that the member carries. */
  readonly wrapped?: boolean;
}

/** One function: `path` is the last part of its URL; without a response it is answered by 204. */
export interface FunctionBinding {
  readonly path: string;
  readonly request: Type;
  readonly members: readonly JsonMember[];
  readonly response?: {
    readonly type: Type;
    readonly codes: RspFunction;
    readonly ok: string;
    readonly error: string;
    readonly members: readonly JsonMember[];
  };
}

/** ES9+ (called by an IPA or LPA, and as ES9+' by an eIM) or ES11 (ES11'). */
export interface RspInterface {
  readonly name: 'ES9+' | 'ES11';
  /** Last but one part of the URL: the first is written, all are accepted. */
  readonly folders: readonly string[];
  readonly functions: readonly FunctionBinding[];
}

const hexMember = (name: string, field = name): JsonMember => ({ name, field, form: 'hex' });
const textMember = (name: string, alias?: string): JsonMember => ({ name, field: name, form: 'text', ...(alias && { alias }) });
const der64 = (name: string, tags: readonly number[], field = name): JsonMember => ({ name, field, form: 'der64', tags });
const transactionId = hexMember('transactionId');
const authenticateServerResponse = der64('authenticateServerResponse', [0xbf38]);

const initiateAuthentication = (codes: RspFunction, address: JsonMember): FunctionBinding => ({
  path: 'initiateAuthentication',
  request: InitiateAuthenticationRequest,
  members: [{ name: 'euiccChallenge', field: 'euiccChallenge', form: 'raw64' }, der64('euiccInfo1', [0xbf20]), address],
  response: {
    type: InitiateAuthenticationResponse,
    codes,
    ok: 'initiateAuthenticationOk',
    error: 'initiateAuthenticationError',
    members: [
      transactionId,
      der64('serverSigned1', [0x30]),
      der64('serverSignature1', [0x5f37]),
      der64('euiccCiPKIdToBeUsed', [0x04]),
      der64('serverCertificate', [0x30]),
    ],
  },
});

/** ES9+ and ES9+'. SGP.22 6.5.2.6 to 6.5.2.10 */
export const ES9PLUS: RspInterface = {
  name: 'ES9+',
  folders: ['es9plus'],
  functions: [
    initiateAuthentication('ES9+.InitiateAuthentication', textMember('smdpAddress')),
    {
      path: 'authenticateClient',
      request: AuthenticateClientRequest,
      members: [transactionId, authenticateServerResponse],
      response: {
        type: AuthenticateClientResponseEs9,
        codes: 'ES9+.AuthenticateClient',
        ok: 'authenticateClientOk',
        error: 'authenticateClientError',
        members: [
          transactionId,
          der64('profileMetadata', [0xbf25], 'profileMetaData'),
          der64('smdpSigned2', [0x30]),
          der64('smdpSignature2', [0x5f37]),
          der64('smdpCertificate', [0x30]),
        ],
      },
    },
    {
      path: 'getBoundProfilePackage',
      request: GetBoundProfilePackageRequest,
      members: [transactionId, der64('prepareDownloadResponse', [0xbf21])],
      response: {
        type: GetBoundProfilePackageResponse,
        codes: 'ES9+.GetBoundProfilePackage',
        ok: 'getBoundProfilePackageOk',
        error: 'getBoundProfilePackageError',
        members: [transactionId, der64('boundProfilePackage', [0xbf36])],
      },
    },
    {
      path: 'handleNotification',
      request: HandleNotification,
      members: [{ ...der64('pendingNotification', [0xbf37, 0x30]), wrapped: true }],
    },
    {
      path: 'cancelSession',
      request: CancelSessionRequestEs9,
      members: [transactionId, der64('cancelSessionResponse', [0xbf41])],
      response: {
        type: CancelSessionResponseEs9,
        codes: 'ES9+.CancelSession',
        ok: 'cancelSessionOk',
        error: 'cancelSessionError',
        members: [],
      },
    },
  ],
};

/**
 * ES11 and ES11'. SGP.22 6.5.2.11, 6.5.2.12. The SM-DS is reached under the folder of ES9+ and its address travels as
 * smdpAddress; clients that take the folder es11 or the name smdsAddress are understood as well.
 */
export const ES11: RspInterface = {
  name: 'ES11',
  folders: ['es9plus', 'es11'],
  functions: [
    initiateAuthentication('ES11.InitiateAuthentication', textMember('smdpAddress', 'smdsAddress')),
    {
      path: 'authenticateClient',
      request: AuthenticateClientRequest,
      members: [transactionId, authenticateServerResponse],
      response: {
        type: AuthenticateClientResponseEs11,
        codes: 'ES11.AuthenticateClient',
        ok: 'authenticateClientOk',
        error: 'authenticateClientError',
        members: [transactionId, { name: 'eventEntries', field: 'eventEntries', form: 'events' }],
      },
    },
  ],
};
