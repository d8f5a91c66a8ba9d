/** Seeded defects of an eIM in TLS and HTTP. SGP.32 2.6.3, 6.1 */
import { concat, hex, readTlv } from '#protocol/asn1/tlv.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviations } from './deviation.js';
import { contentAt } from './edits.js';
import { answering, refusal, startsWith, statusOf, withMeta } from './frames.js';
import { serverTlsDefects } from './server-tls.js';

const losesQueueOnBadRequest: EimOverride = correct => {
  let lost = false;
  return {
    frame: (answer, request) => {
      lost ||= statusOf(answer) >= 400 && statusOf(answer) < 500;
      // Registering an eUICC anew is no request of an IPA: what is ordered for the next sequence is there again.
      if (startsWith(request, 'BF4F') && statusOf(answer) === 200) lost = false;
      return answer;
    },
    choosesPackage: (waiting, outstanding) => (lost ? undefined : correct.choosesPackage(waiting, outstanding)),
  };
};

const answersRefusedWithLatestPackage: EimOverride = () => {
  let latest: Uint8Array | undefined;
  return {
    outgoing: (type, octets) => {
      if (type === 'GetEimPackageResponse' && contentAt(octets, 'BF51')) latest = octets;
      return octets;
    },
    frame: answer =>
      latest && statusOf(answer) >= 400
        ? {
            meta: { ':status': '200', 'content-type': 'application/x-gsma-rsp-asn1', 'x-admin-protocol': 'gsma/rsp/v2.1.0' },
            body: latest,
          }
        : answer,
  };
};

/** The second message of a body uses up what is ordered for its eUICC; its answer is lost. */
const executesSecondMessage: EimOverride = correct => {
  const served = new Set<string>();
  let asking = '';
  return {
    frame: (answer, request) => {
      const first = readTlv(request.body);
      const second = first && request.body.subarray(first.end);
      const eid = second && contentAt(second, '5A');
      if (eid) served.add(hex(eid));
      return answer;
    },
    ownerOfQueue: (eid, known) => {
      asking = eid;
      return correct.ownerOfQueue(eid, known);
    },
    choosesPackage: (waiting, outstanding) => (served.delete(asking) ? undefined : correct.choosesPackage(waiting, outstanding)),
  };
};

/** An answer belongs to the connection on which its package went out. */
const correlatesByConnection: EimOverride = () => {
  let handedOutOn: number | undefined;
  return {
    frame: (answer, request) => {
      if (startsWith(request, 'BF4F')) handedOutOn = request.connection.id;
      return startsWith(request, 'BF50') && request.connection.id !== handedOutOn ? refusal(500) : answer;
    },
  };
};

/** Defects of the TLS server. */
export const eimTlsDefects: EimDeviations = {
  ...serverTlsDefects('CERT_EIM_TLS_KEY_USAGE'),
  registersOtherTlsKey: {
    does: 'It has eUICCs trust a key that its TLS certificate does not have.',
    registersKeyOf: 'CERT_S_EIMsign',
  },
};

/** Defects of the HTTP server. */
export const eimHttpDefects: EimDeviations = {
  omitsAdminProtocol: {
    does: 'Its answers lack X-Admin-Protocol.',
    override: answering(({ meta: { 'x-admin-protocol': _, ...meta }, body }) => ({ meta, body })),
  },
  statesOwnAdminProtocol: {
    does: 'X-Admin-Protocol of its answers names the version of SGP.32.',
    override: answering(answer => withMeta(answer, { 'x-admin-protocol': 'gsma/rsp/v1.2.0' })),
  },
  answersOtherMediaType: {
    does: 'Its messages go out as application/octet-stream.',
    override: answering(answer => (answer.body.length > 0 ? withMeta(answer, { 'content-type': 'application/octet-stream' }) : answer)),
  },
  answersCreated: {
    does: 'It answers executed functions with status 201.',
    override: answering(answer => (answer.meta[':status'] === '200' ? withMeta(answer, { ':status': '201' }) : answer)),
  },
  appendsLineFeed: {
    does: 'A line feed stands behind each of its messages.',
    override: answering(answer => (answer.body.length > 0 ? { ...answer, body: concat(answer.body, Uint8Array.of(0x0a)) } : answer)),
  },
  losesQueueOnBadRequest: { does: 'After a request that it refuses it has no package for anybody.', override: losesQueueOnBadRequest },
  answersRefusedWithLatestPackage: {
    does: 'What it cannot read it answers with the package that it handed out last.',
    override: answersRefusedWithLatestPackage,
  },
  executesSecondMessage: {
    does: 'It executes a second message that stands behind the first one in a body.',
    override: executesSecondMessage,
  },
  demandsBareUserAgent: {
    does: 'It refuses every User-Agent but gsma-rsp-ipad.',
    override: answering((answer, request) => (request.meta['user-agent'] === 'gsma-rsp-ipad' ? answer : refusal(400))),
  },
  correlatesByConnection: {
    does: 'It takes a result only on the connection on which the package went out.',
    override: correlatesByConnection,
  },
  answersNotificationsWithBody: {
    does: 'It answers HandleNotification with a message that does not exist.',
    override: answering((answer, request) =>
      startsWith(request, 'BF3D')
        ? {
            meta: { ...answer.meta, ':status': '200', 'content-type': 'application/x-gsma-rsp-asn1' },
            body: Uint8Array.of(0xbf, 0x3d, 0x00),
          }
        : answer,
    ),
  },
  answersNotificationsWithMediaType: {
    does: 'It answers HandleNotification with a Content-Type although there is no content.',
    override: answering((answer, request) =>
      startsWith(request, 'BF3D') ? withMeta(answer, { 'content-type': 'application/x-gsma-rsp-asn1' }) : answer,
    ),
  },
  refusesUnknownElements: {
    does: 'It refuses requests that hold an element it does not know.',
    override: answering((answer, request) =>
      startsWith(request, 'BF4F') && (contentAt(request.body, '9F7F') || contentAt(request.body, 'BF7F')) ? refusal(400) : answer,
    ),
  },
};
