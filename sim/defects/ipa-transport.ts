/** Seeded defects of an IPA in TLS and HTTP. SGP.32 2.6.3, 4.3, 6.1; SGP.22 2.6.6 */
import { concat, readTlv, tlv } from '#protocol/asn1/tlv.js';
import type { Frame } from '../../adapters/adapter.js';
import type { IpaOverride } from '../roles/ipa/index.js';
import { deciding, type IpaDeviation, type IpaDeviations, requesting } from './ipa-deviation.js';

/** Takes servers of one kind in spite of some faults. */
const trusting = (does: string, server: 'eim' | 'rsp', ...faults: readonly string[]): IpaDeviation => ({
  does,
  override: correct => ({ trusts: (kind, fault) => (kind === server && faults.includes(fault)) || correct.trusts(kind, fault) }),
});

const withMeta =
  (meta: Readonly<Record<string, string>>) =>
  (frame: Frame): Frame => ({ ...frame, meta: { ...frame.meta, ...meta } });
const without =
  (name: string) =>
  (frame: Frame): Frame => ({
    ...frame,
    meta: Object.fromEntries(Object.entries(frame.meta).filter(([key]) => key !== name)),
  });

/** Takes replies otherwise. */
const taking = (does: string, change: (frame: Frame) => Frame): IpaDeviation => ({
  does,
  override: correct => ({ reply: frame => change(correct.reply(frame)) }),
});
const isEmptySuccess = ({ meta, body }: Frame, status: string): boolean => meta[':status'] === status && body.length === 0;

/** Octets that are no message of ESipa, as if they were a package. */
const asPackage = (frame: Frame): Frame => {
  const tag = readTlv(frame.body)?.tag ?? 0;
  const isMessage = tag >= 0xbf39 && tag <= 0xbf50;
  return frame.meta[':status'] !== '200' || frame.body.length === 0 || isMessage
    ? frame
    : { ...frame, body: tlv(0xbf4f, tlv(0xbf51, frame.body)) };
};

const abandonsRefused: IpaOverride = correct => {
  let hasRefused = false;
  return {
    trusts: (server, fault) => {
      const isTaken = correct.trusts(server, fault);
      hasRefused ||= !isTaken;
      return isTaken;
    },
    polls: eims => (hasRefused ? [] : correct.polls(eims)),
  };
};

/** Defects of the TLS client. */
export const ipaTlsDefects: IpaDeviations = {
  trustsOtherKeys: trusting('It talks to an eIM whose key is not the one that the eUICC trusts.', 'eim', 'key'),
  trustsUnknownCas: trusting('It talks to an eIM whose certificate comes from another CA.', 'eim', 'unknownIssuer'),
  ignoresCertificateSignatures: trusting('It does not verify the signature of the certificate of an eIM.', 'eim', 'signature'),
  ignoresValidity: trusting('It does not look at the validity period of the certificate of an eIM.', 'eim', 'expired', 'notYetValid'),
  ignoresNames: trusting('It does not look at the name in the certificate of an eIM.', 'eim', 'name'),
  ignoresUsage: trusting('It does not look at what the certificate of an eIM is for.', 'eim', 'keyUsage', 'role'),
  acceptsForeignKeys: trusting('It talks to an eIM whose key is on another curve or none.', 'eim', 'curve'),
  speaksOldTls: deciding('It also speaks TLS 1.0 and 1.1.', { offer: () => ({ minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }) }),
  omitsServerName: {
    does: 'It does not say in the handshake which server it wants.',
    override: correct => ({
      // An address is not sent as a name; the name in the certificate is then of no use.
      offer: () => ({ ...correct.offer(), serverName: '127.0.0.1' }),
      trusts: (server, fault) => fault === 'name' || correct.trusts(server, fault),
    }),
  },
  offersOtherSuites: deciding('It does not offer the suite that every eIM has.', {
    offer: () => ({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
  }),
  resumesSessions: deciding('It resumes TLS 1.2 sessions and so keeps their secrets.', {
    offer: () => ({ maxVersion: 'TLSv1.2', resume: true }),
  }),
  knowsNoCertificateAnchors: {
    does: 'It knows keys of eIMs only, and no certificates.',
    override: correct => ({
      polls: eims => correct.polls(eims).filter(eim => eim.trustedPublicKeyDataTls?.trustedCertificateTls === undefined),
    }),
  },
  abandonsRefusedEims: { does: 'It never contacts an eIM again whose certificate it has refused.', override: abandonsRefused },
  trustsAnyServer: trusting('It talks to RSP servers that do not chain to a CI.', 'rsp', 'unknownIssuer', 'signature'),
  ignoresValidityOfServers: trusting(
    'It does not look at the validity period of certificates of RSP servers.',
    'rsp',
    'expired',
    'notYetValid',
  ),
  ignoresNamesOfServers: trusting('It does not look at the name in certificates of RSP servers.', 'rsp', 'name'),
  ignoresUsageOfServers: trusting('It does not look at what certificates of RSP servers are for.', 'rsp', 'keyUsage', 'role'),
  acceptsForeignKeysOfServers: trusting('It talks to RSP servers whose key is on another curve or none.', 'rsp', 'curve'),
};

const abandonsOdd: IpaOverride = correct => {
  let isOdd = false;
  return {
    reply: frame => {
      isOdd ||= frame.meta['x-admin-protocol'] !== 'gsma/rsp/v2.1.0';
      return correct.reply(frame);
    },
    polls: eims => (isOdd ? [] : correct.polls(eims)),
  };
};

/** Defects of the HTTP client. */
export const ipaHttpDefects: IpaDeviations = {
  putsPackages: requesting('It sends its requests with PUT.', withMeta({ ':method': 'PUT' })),
  postsToOtherPath: requesting('It sends its requests to another path.', withMeta({ ':path': '/gsma/rsp2/esipa' })),
  statesOtherMediaType: requesting(
    'It sends its messages as application/octet-stream.',
    withMeta({ 'content-type': 'application/octet-stream' }),
  ),
  omitsAdminProtocolInRequests: requesting('Its requests lack X-Admin-Protocol.', without('x-admin-protocol')),
  statesOwnVersion: requesting(
    'X-Admin-Protocol of its requests names the version of SGP.32.',
    withMeta({ 'x-admin-protocol': 'gsma/rsp/v1.2.0' }),
  ),
  omitsUserAgent: requesting('Its requests lack User-Agent.', without('user-agent')),
  claimsToBeAnLpa: requesting('It says of itself that it is an LPA.', withMeta({ 'user-agent': 'gsma-rsp-lpad' })),
  appendsOctet: requesting('An octet stands behind each of its messages.', frame => ({
    ...frame,
    body: concat(frame.body, Uint8Array.of(0)),
  })),
  repeatsAtOnce: deciding('It repeats a request that failed at once and many times.', { attempts: () => 20, pauseAfter: () => 0 }),
  diesOnServerErrors: deciding('It ends when a server reports an error of its own.', { survives: status => !status.startsWith('5') }),
  refusesEmptyOk: taking('It does not count 200 without content as success.', frame =>
    isEmptySuccess(frame, '200') ? withMeta({ ':status': '500' })(frame) : frame,
  ),
  refusesNoContent: taking('It does not count 204 as success.', frame =>
    isEmptySuccess(frame, '204') ? withMeta({ ':status': '500' })(frame) : frame,
  ),
  abandonsOddServers: { does: 'It never contacts an eIM again whose X-Admin-Protocol was not the usual.', override: abandonsOdd },
  takesAnyFunction: deciding('It takes the answer of another function as if it had asked for it.', { takesType: () => true }),
  executesUnreadableAnswers: taking('It hands octets that are no message to the card.', asPackage),
};
