/** The control API of the reference eIM: what its operator may ask for, as JSON over plain HTTP. docs/reference-eim.md */
import { hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { type Eim, OrderError } from '../roles/eim/index.js';
import type { EuiccRecord, Order } from '../roles/eim/state.js';
import { type Control, type ControlCall, NOT_FOUND, openControl, type Reply, type Route } from './control.js';

const viewOf = (record: EuiccRecord) => ({
  eid: record.eid,
  associated: record.associated,
  profiles: record.view.profiles,
  eims: record.view.eims,
  defaultSmdpAddress: record.view.defaultSmdpAddress,
  rootSmdsAddress: record.view.rootSmdsAddress,
  stale: record.stale,
  staleCause: record.staleCause,
  capabilities: record.data.ipaFeatures,
  associationToken: record.associationToken,
  counter: record.counter,
});
const orderOf = ({ id, eid, state, cause, operations }: Order) => ({ order: id, eid, state, cause, operations });

/** Without an eUICC: what holds before any association. */
const describeEim = (eim: Eim, eid: string): Reply => {
  const record = eim.euicc(eid);
  if (eid !== '' && !record) return NOT_FOUND;
  const key = record?.signingKey ?? eim.config.signingKey;
  return {
    status: 200,
    body: {
      eimId: eim.config.eimId,
      fqdn: eim.config.eimFqdn,
      publicKey: hex(subjectPublicKeyInfo(key)),
      eimConfigurationData: hex(eim.exportData(record)),
    },
  };
};

const routesOf = (eim: Eim, ordered: (record: EuiccRecord) => void): readonly Route[] => {
  const withEuicc =
    (use: (record: EuiccRecord, body: ControlCall['body']) => Reply): Route[2] =>
    ({ id, body }) => {
      const record = eim.euicc(id);
      return record ? use(record, body) : NOT_FOUND;
    };
  return [
    ['GET', /^\/eim$/, ({ query }) => describeEim(eim, query.get('eid') ?? '')],
    ['POST', /^\/euiccs$/, ({ body }) => ({ status: 201, body: { eid: eim.register(body).eid } })],
    ['GET', /^\/euiccs\/([^/]+)$/, withEuicc(record => ({ status: 200, body: viewOf(record) }))],
    ['DELETE', /^\/euiccs\/([^/]+)$/, ({ id }) => (eim.forget(id) ? { status: 204 } : NOT_FOUND)],
    [
      'POST',
      /^\/euiccs\/([^/]+)\/orders$/,
      withEuicc((record, body) => {
        const { order, newKey } = eim.take(record, body);
        ordered(record);
        return { status: 202, body: { ...orderOf(order), ...(newKey ? { publicKey: hex(subjectPublicKeyInfo(newKey)) } : {}) } };
      }),
    ],
    [
      'GET',
      /^\/orders\/([^/]+)$/,
      ({ id }) => {
        const order = eim.order(id);
        return order ? { status: 200, body: orderOf(order) } : NOT_FOUND;
      },
    ],
  ];
};

/** Opens the control API of an eIM; `ordered` hears of every order that was taken. */
export const openEimControl = (
  eim: Eim,
  listen: string,
  report: (problem: string) => void,
  ordered: (record: EuiccRecord) => void,
): Promise<Control> => openControl({ routes: routesOf(eim, ordered), isMistake: cause => cause instanceof OrderError, listen, report });
