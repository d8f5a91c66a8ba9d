/** HTTP exchanges with an SM-DP+ whose outcomes, as texts, show what a deviation changes; for the tests of the deviations. */
import { decode } from '#protocol/asn1/decode.js';
import type { Type } from '#protocol/asn1/type.js';
import { AuthenticateClientResponseEs9 } from '#protocol/rsp/es9plus.js';
import type { Frame, Outbound } from '../../adapters/adapter.js';
import type { LinkEdits } from '../bindings/binding.js';
import { es9plusClient, es9plusServer } from '../bindings/es9plus-http.js';
import { codeText } from '../bindings/status-codes.js';
import { inbound, jsonOf } from '../bindings/test-frames.js';
import { answerFrame } from '../processes/smdp.js';
import type { Received } from '../role.js';
import { authenticate, cancel, initiate, installed, notified, octets, prepare } from '../roles/rsp-server/test-euicc.js';
import type { Smdp } from '../roles/smdp/index.js';
import { MATCHING_ID } from '../roles/smdp/test-smdp.js';
import type { Maker } from './test-smdp-probes.js';

const client = es9plusClient();
const server = es9plusServer();
const connection = (id: number) => ({ id, remote: '127.0.0.1:1', exchanges: 1 });

const exchange = (smdp: Smdp, { type, message }: Received, link: LinkEdits = {}, id = 1): Promise<Outbound> =>
  answerFrame(smdp, server, { ...inbound(client.write(type, message.octets, link)), connection: connection(id) }, () => undefined);
const frameOf = (outbound: Outbound): Frame => ('fault' in outbound ? { meta: { ':status': outbound.fault }, body: octets('') } : outbound);

const read = (outbound: Outbound, type: Type): string => {
  if ('fault' in outbound) return outbound.fault;
  const reply = client.read(outbound, type.name);
  if ('nothing' in reply) return client.answerTo(type.name) ? reply.reason : reply.nothing;
  const failed = reply.checks.filter(check => !check.ok).map(({ what, actual }) => `, ${what} ${actual}`);
  const code = reply.status ? ` ${codeText(reply.status)}${reply.status.message ? '' : ' without text'}` : '';
  return `read${code}${failed.join('')}`;
};

const COMMON = new Set([':status', 'x-admin-protocol']);
const unusual = ({ meta }: Frame): string =>
  Object.entries(meta)
    .filter(([name, value]) => !COMMON.has(name) && value !== 'application/json;charset=UTF-8')
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');

const opened = async (smdp: Smdp) => (await smdp.react(initiate()))?.octets;

/** Answers as the client sees them. */
export const exchanges = async (make: Maker): Promise<string> => {
  const smdp = make();
  const request = initiate();
  const success = await exchange(smdp, request);
  const failure = initiate({ address: 'other.example.com' });
  const cancellation = cancel(octets('0102'));
  const { body } = frameOf(success);
  const members = body.length > 0 ? Object.keys(jsonOf(frameOf(success))).join(',') : '';
  return [
    `success: ${read(success, request.type)}`,
    `failure: ${read(await exchange(smdp, failure), failure.type)}`,
    `cancellation: ${read(await exchange(smdp, cancellation), cancellation.type)}`,
    `headers: ${unusual(frameOf(success))}`,
    `members: ${members}${body.includes(0x0a) ? ', in lines' : ''}`,
  ].join('; ');
};

const outcome = (outbound: Outbound, type: Type): string => {
  const text = read(outbound, type);
  return text === 'read' ? 'ok' : text.replace(/^read /, '').replace(/ without text$/, '');
};

/** Requests that are unusual in some way. */
export const requests = async (make: Maker): Promise<string> => {
  const smdp = make();
  const request = authenticate(await opened(smdp), { matchingId: MATCHING_ID });
  const unreadable = await exchange(smdp, initiate(), { body: '{' });
  const after = await exchange(smdp, request);
  const agent = initiate();
  const first = initiate();
  await exchange(smdp, first);
  const other = authenticate(await opened(smdp), { matchingId: MATCHING_ID });
  return [
    `unreadable: ${outcome(unreadable, agent.type)}`,
    `session after it: ${outcome(after, request.type)}`,
    `other User-Agent: ${outcome(await exchange(smdp, agent, { userAgent: 'gsma-rsp-ipad' }), agent.type)}`,
    `other connection: ${outcome(await exchange(smdp, other, {}, 2), other.type)}`,
  ].join('; ');
};

/** Notifications of every kind. */
export const notifications = async (make: Maker): Promise<string> => {
  const smdp = make();
  const offer = (await smdp.react(authenticate(await opened(smdp), { matchingId: MATCHING_ID })))?.octets;
  await smdp.react(prepare(offer));
  const { transactionId = octets('') } = decode(AuthenticateClientResponseEs9, offer ?? octets('')).value.authenticateClientOk ?? {};
  const result = installed(transactionId);
  const failed = installed(transactionId, { seqNumber: 2, reason: 10 });
  const other = notified(3, 'notificationEnable');
  const answer = async (request: Received) => outcome(await exchange(smdp, request), request.type);
  return [
    `result: ${await answer(result)}`,
    `again: ${await answer(result)}`,
    `failed: ${await answer(failed)}`,
    `other: ${await answer(other)}`,
  ].join('; ');
};
