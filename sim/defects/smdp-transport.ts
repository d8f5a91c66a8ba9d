/** Seeded defects of an SM-DP+ in TLS, HTTP and the JSON binding. SGP.22 2.6.6, 6.2, 6.5 */
import { readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Frame } from '../../adapters/adapter.js';
import { answering, refusal, statusOf, withMeta } from './frames.js';
import { serverTlsDefects } from './server-tls.js';
import type { SmdpDeviation, SmdpDeviations } from './smdp-deviation.js';
import { jsonMember, withJson } from './smdp-frames.js';

/** Defects of the TLS server. */
export const smdpTlsDefects: SmdpDeviations = serverTlsDefects('CERT_S_SM_DP_TLS_KEY_USAGE');

const failed = (answer: Frame): boolean => JSON.stringify(jsonMember(answer, 'header') ?? '').includes('"Failed"');

/** Changes the JSON members of answers that report success. */
const writing = (
  does: string,
  change: (object: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): SmdpDeviation => ({
  does,
  override: answering(answer => (answer.body.length > 0 ? withJson(answer, change) : answer)),
});
const withoutMember = (name: string) => (object: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
const mapped = (name: string, change: (text: string) => unknown) => (object: Readonly<Record<string, unknown>>) => {
  const value = object[name];
  return typeof value === 'string' ? { ...object, [name]: change(value) } : object;
};
const contentOnly = (base64: string): string => {
  const octets = new Uint8Array(Buffer.from(base64, 'base64'));
  const outer = readTlv(octets);
  return outer ? Buffer.from(tlvContent(octets, outer)).toString('base64') : base64;
};

/** Defects of HTTP and JSON. */
export const smdpHttpDefects: SmdpDeviations = {
  omitsAdminProtocol: {
    does: 'Its answers lack X-Admin-Protocol.',
    override: answering(({ meta: { 'x-admin-protocol': _, ...meta }, body }) => ({ meta, body })),
  },
  answersOtherMediaType: {
    does: 'Its messages go out as text/html.',
    override: answering(answer => (answer.body.length > 0 ? withMeta(answer, { 'content-type': 'text/html' }) : answer)),
  },
  answersCreated: {
    does: 'It answers executed functions with status 201.',
    override: answering(answer => (answer.meta[':status'] === '200' ? withMeta(answer, { ':status': '201' }) : answer)),
  },
  failsByHttp: {
    does: 'It reports failures by HTTP status 400 instead of a header.',
    override: answering(answer => (failed(answer) ? refusal(400) : answer)),
  },
  omitsHeader: writing('Its answers have no header.', withoutMember('header')),
  omitsTransactionId: writing('Its answers have no transactionId.', withoutMember('transactionId')),
  writesTransactionIdInBase64: writing(
    'It writes the transactionId in base64.',
    mapped('transactionId', text => Buffer.from(text, 'hex').toString('base64')),
  ),
  writesSignatureWithoutTag: writing('It writes serverSignature1 without tag and length.', mapped('serverSignature1', contentOnly)),
  writesBase64ForUrls: writing(
    'It writes base64 in the letters for URLs.',
    mapped('serverCertificate', text => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
  ),
  losesSessionsOnBadRequest: {
    does: 'A request that it cannot read ends every session.',
    override: correct => {
      let lost = false;
      return {
        frame: (answer, request) => {
          if (statusOf(answer) >= 400) lost = true;
          return correct.frame(answer, request);
        },
        newTransactionId: random => {
          lost = false;
          return correct.newTransactionId(random);
        },
        findsSession: (found, latest) => (lost ? undefined : correct.findsSession(found, latest)),
      };
    },
  },
  demandsUserAgent: {
    does: 'It refuses every User-Agent but gsma-rsp-lpad.',
    override: answering((answer, request) => (request.meta['user-agent'] === 'gsma-rsp-lpad' ? answer : refusal(400))),
  },
  correlatesByConnection: {
    does: 'It knows a session only on the connection on which it was opened.',
    override: correct => {
      let opened: number | undefined;
      return {
        frame: (answer, request) => {
          if (request.meta[':path']?.endsWith('/initiateAuthentication')) opened = request.connection.id;
          return request.meta[':path']?.endsWith('/authenticateClient') && request.connection.id !== opened
            ? refusal(500)
            : correct.frame(answer, request);
        },
      };
    },
  },
};
