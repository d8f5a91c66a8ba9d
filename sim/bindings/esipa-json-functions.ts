/** The functions of the JSON binding of ESipa: their members and the TLVs they stand for. SGP.32 6.4.1 */
import { children, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import type { RspFunction } from './status-codes.js';

/** The last but one part of every path. SGP.32 6.4 */
export const ESIPA_JSON_FOLDER = '/gsma/rsp2/esipa/';

/**
 * How a member carries an element: hex or base64 of the value, base64 of the complete TLV, text, decimal digits, true for
 * an element without content, a number, or members of its own.
 */
export type EsipaForm = 'hex' | 'raw64' | 'der64' | 'text' | 'digits' | 'flag' | 'integer' | 'object';

/** A member and the element it stands for. */
export interface EsipaMember {
  readonly name: string;
  readonly form: EsipaForm;
  /** Tag of the element in the message; undefined: it keeps the tag that it has outside. */
  readonly tag?: number;
  /** Tags that the TLV may have outside of the message; the first is written. */
  readonly tags?: readonly number[];
  /** The element is an EXPLICIT tag around the TLV that the member carries. */
  readonly wrapped?: boolean;
  readonly optional?: boolean;
  readonly members?: readonly EsipaMember[];
}

/** Members of one outcome. */
export interface EsipaMembers {
  readonly members: readonly EsipaMember[];
  /** Exactly one of the members is present. */
  readonly oneOf?: boolean;
}

/** One success of a function, with the tag that stands around its elements. */
export interface EsipaOutcome extends EsipaMembers {
  readonly tag?: number;
  /** What the message holds when no member is there. */
  readonly empty?: Uint8Array;
}

/** One function: `path` is the last part of its URL. */
export interface EsipaJsonFunction extends EsipaMembers {
  readonly path: string;
  readonly tag: number;
  readonly request: string;
  /** Undefined: answered by 204. */
  readonly response?: {
    readonly type: string;
    readonly codes: RspFunction;
    /** Tag of the integer that tells a failure. */
    readonly errorTag: number;
    /** The message has no place for a failure: it is then without content. */
    readonly failsEmpty?: boolean;
    /** What a message says that JSON has no members for, in a form that it has members for. */
    readonly restates?: (octets: Uint8Array) => Uint8Array;
    /** The first one whose distinguishing member is there is read; the first one otherwise. */
    readonly outcomes: readonly (EsipaOutcome & { readonly knownBy?: string })[];
  };
}

const der64 = (name: string, ...tags: readonly number[]): EsipaMember => ({ name, form: 'der64', tags });
const hexMember = (name: string, tag: number): EsipaMember => ({ name, form: 'hex', tag });
const optional = (member: EsipaMember): EsipaMember => ({ ...member, optional: true });

const transactionId = hexMember('transactionId', 0x80);
const eidValue: EsipaMember = { name: 'eidValue', form: 'digits', tag: 0x5a };
const eimPackageError: EsipaMember = { name: 'eimPackageError', form: 'integer', tag: 0x02 };
const euiccPackageRequest = der64('euiccPackageRequest', 0xbf51);
const ipaEuiccDataRequest = der64('ipaEuiccDataRequest', 0xbf52);
const profileDownloadTriggerRequest = der64('profileDownloadTriggerRequest', 0xbf54);
const euiccPackageResult = der64('euiccPackageResult', 0xbf51);
const eimAcknowledgements = der64('eimAcknowledgements', 0xbf53);
const NOTHING = Uint8Array.of();

const initiateAuthentication: EsipaJsonFunction = {
  path: 'initiateAuthentication',
  tag: 0xbf39,
  request: 'InitiateAuthenticationRequestEsipa',
  members: [
    { name: 'euiccChallenge', form: 'raw64', tag: 0x81 },
    { name: 'smdpAddress', form: 'text', tag: 0x83, optional: true },
    optional(der64('euiccInfo1', 0xbf20)),
    optional(hexMember('eimTransactionId', 0x82)),
  ],
  response: {
    type: 'InitiateAuthenticationResponseEsipa',
    codes: 'ESipa.InitiateAuthentication',
    errorTag: 0x81,
    outcomes: [
      {
        tag: 0xa0,
        members: [
          optional(transactionId),
          der64('serverSigned1', 0x30),
          der64('serverSignature1', 0x5f37),
          der64('euiccCiPKIdentifierToBeUsed', 0x04),
          der64('serverCertificate', 0x30),
          { name: 'matchingId', form: 'text', tag: 0x0c, optional: true },
          { name: 'ctxParams1', form: 'der64', tag: 0xa2, tags: [0xa0], wrapped: true, optional: true },
        ],
      },
    ],
  },
};

const authenticateClient: EsipaJsonFunction = {
  path: 'authenticateClient',
  tag: 0xbf3b,
  request: 'AuthenticateClientRequestEsipa',
  members: [transactionId, der64('authenticateServerResponse', 0xbf38)],
  response: {
    type: 'AuthenticateClientResponseEsipa',
    codes: 'ESipa.AuthenticateClient',
    errorTag: 0x82,
    outcomes: [
      {
        tag: 0xa0,
        knownBy: 'smdpSigned2',
        members: [
          optional(transactionId),
          optional(der64('profileMetadata', 0xbf25)),
          der64('smdpSigned2', 0x30),
          der64('smdpSignature2', 0x5f37),
          der64('smdpCertificate', 0x30),
          optional(der64('hashCc', 0x04)),
        ],
      },
      // 6.4.1.2 does not foresee the answer of an SM-DS; this is what an IPA in the field reads.
      { tag: 0xa1, knownBy: 'profileDownloadTrigger', members: [transactionId, optional(der64('profileDownloadTrigger', 0xbf54))] },
    ],
  },
};

const getBoundProfilePackage: EsipaJsonFunction = {
  path: 'getBoundProfilePackage',
  tag: 0xbf3a,
  request: 'GetBoundProfilePackageRequestEsipa',
  members: [transactionId, der64('prepareDownloadResponse', 0xbf21)],
  response: {
    type: 'GetBoundProfilePackageResponseEsipa',
    codes: 'ESipa.GetBoundProfilePackage',
    errorTag: 0x81,
    outcomes: [{ tag: 0xa0, members: [optional(transactionId), der64('boundProfilePackage', 0xbf36)] }],
  },
};

const cancelSession: EsipaJsonFunction = {
  path: 'cancelSession',
  tag: 0xbf41,
  request: 'CancelSessionRequestEsipa',
  members: [transactionId, { name: 'cancelSessionResponse', form: 'der64', tag: 0xa1, tags: [0xbf41] }],
  response: {
    type: 'CancelSessionResponseEsipa',
    codes: 'ESipa.CancelSession',
    errorTag: 0x81,
    outcomes: [{ tag: 0xa0, members: [], empty: NOTHING }],
  },
};

// In v1.0 the result stands under a tag of its own, without a BF50.
const handleNotification = (spec: Spec): EsipaJsonFunction => ({
  path: 'handleNotification',
  tag: 0xbf3d,
  request: 'HandleNotificationEsipa',
  oneOf: true,
  members: [
    { name: 'pendingNotification', form: 'der64', tag: 0xa0, tags: [0xbf37, 0x30, 0xa0, 0xa1], wrapped: true },
    spec === '1.0'
      ? { name: 'provideEimPackageResult', form: 'der64', tag: 0xa1, tags: [0xbf51, 0x30, 0xbf52, 0xbf54, 0x02], wrapped: true }
      : der64('provideEimPackageResult', 0xbf50),
  ],
});

// v1.0 has no stateChangeCause, and rPLMN stands under its tag.
const getEimPackage = (spec: Spec): EsipaJsonFunction => ({
  path: 'getEimPackage',
  tag: 0xbf4f,
  request: 'GetEimPackageRequest',
  members: [
    eidValue,
    { name: 'notifyStateChange', form: 'flag', tag: 0x80, optional: true },
    ...(spec === '1.0' ? [] : [{ name: 'stateChangeCause', form: 'integer', tag: 0x81, optional: true } as const]),
    { name: 'rPlmn', form: 'raw64', tag: spec === '1.0' ? 0x81 : 0x82, optional: true },
  ],
  response: {
    type: 'GetEimPackageResponse',
    codes: 'ESipa.GetEimPackage',
    errorTag: 0x02,
    outcomes: [{ oneOf: true, members: [euiccPackageRequest, ipaEuiccDataRequest, profileDownloadTriggerRequest, eimPackageError] }],
  },
});

// v1.0 acknowledges without a list by an empty answer, later versions by emptyResponse.
const provideEimPackageResult = (spec: Spec): EsipaJsonFunction => ({
  path: 'provideEimPackageResult',
  tag: 0xbf50,
  request: 'ProvideEimPackageResult',
  members: [optional(eidValue), der64('eimPackageResult', 0xbf51, 0x30, 0xbf52, 0xbf54, 0xa0, 0x02)],
  response: {
    type: 'ProvideEimPackageResultResponse',
    codes: 'ESipa.ProvideEimPackageResult',
    errorTag: 0x02,
    failsEmpty: spec === '1.0',
    outcomes: [{ members: [optional(eimAcknowledgements)], empty: spec === '1.0' ? NOTHING : Uint8Array.of(0x30, 0x00) }],
  },
});

const RECEIVED = tlv(0xbf4e, Uint8Array.of(0x05, 0x00));
/** The forms with a correlation id (BF60, BF61) without it. SGP.32 v1.3 6.3.3.1 */
const withoutCorrelation = (octets: Uint8Array): Uint8Array => {
  const [form] = children(octets);
  if (form?.tag === 0xbf60) return RECEIVED;
  const code = form?.tag === 0xbf61 ? children(octets, form).find(({ tag }) => tag === 0x81) : undefined;
  return code ? tlv(0xbf4e, tlv(0x02, tlvContent(octets, code))) : octets;
};

/** The eIM calls, the IPA answers. */
const transferEimPackage = (spec: Spec): EsipaJsonFunction => ({
  path: 'transferEimPackage',
  tag: 0xbf4e,
  request: 'TransferEimPackageRequest',
  oneOf: true,
  members: [euiccPackageRequest, ipaEuiccDataRequest, eimAcknowledgements, profileDownloadTriggerRequest],
  response: {
    type: 'TransferEimPackageResponse',
    codes: 'ESipa.TransferEimPackage',
    restates: withoutCorrelation,
    errorTag: 0x02,
    outcomes: [
      {
        oneOf: true,
        members: [
          euiccPackageResult,
          {
            name: 'ePRAndNotifications',
            form: 'object',
            tag: 0x30,
            members: [
              euiccPackageResult,
              spec === '1.0'
                ? der64('notificationList', 0xbf2b)
                : { name: 'notificationList', form: 'der64', tag: 0xa0, tags: [0x30, 0xa0] },
            ],
          },
          der64('ipaEuiccDataResponse', 0xbf52),
          eimPackageError,
        ],
        // eimPackageReceived
        empty: Uint8Array.of(0x05, 0x00),
      },
    ],
  },
});

/** Every function of the JSON binding in a version. */
export const esipaJsonFunctions = (spec: Spec): readonly EsipaJsonFunction[] => [
  initiateAuthentication,
  authenticateClient,
  getBoundProfilePackage,
  transferEimPackage(spec),
  getEimPackage(spec),
  provideEimPackageResult(spec),
  handleNotification(spec),
  cancelSession,
];
