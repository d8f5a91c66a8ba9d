/** Seeded defects of an IPA in the JSON binding of ESipa. SGP.32 6.1, 6.4 */
import type { Frame } from '../../adapters/adapter.js';
import { isJsonPath } from '../bindings/esipa-json-frame.js';
import { isObject, type JsonObject, parseObject } from '../bindings/rsp-json.js';
import type { IpaOverride } from '../roles/ipa/index.js';
import type { IpaDeviation, IpaDeviations } from './ipa-deviation.js';

const body = (json: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(json), 'utf8'));

/** Changes the requests of the JSON binding. */
const asking = (does: string, change: (frame: Frame) => Frame): IpaDeviation => ({
  does,
  over: 'json',
  override: correct => ({
    request: frame => {
      const right = correct.request(frame);
      return isJsonPath(right) ? change(right) : right;
    },
  }),
});
const rewriting = (does: string, change: (json: JsonObject) => unknown): IpaDeviation =>
  asking(does, frame => {
    const json = parseObject(frame.body);
    return 'object' in json ? { ...frame, body: body(change(json.object)) } : frame;
  });
const stating = (does: string, meta: (frame: Frame) => Readonly<Record<string, string>>): IpaDeviation =>
  asking(does, frame => ({ ...frame, meta: { ...frame.meta, ...meta(frame) } }));

/** Changes the answers in JSON as they arrive. */
const taking = (does: string, change: (json: JsonObject, frame: Frame) => Frame): IpaDeviation => ({
  does,
  over: 'json',
  override: correct => ({
    reply: frame => {
      const right = correct.reply(frame);
      const json = parseObject(right.body);
      return 'object' in json ? change(json.object, right) : right;
    },
  }),
});

const hasFailed = ({ header }: JsonObject): boolean => {
  const status = isObject(header) ? header.functionExecutionStatus : undefined;
  return isObject(status) && status.status === 'Failed';
};
const SUCCESS = { functionExecutionStatus: { status: 'Executed-Success' } };

const abandonsAfterFailure: IpaOverride = correct => {
  let isOver = false;
  return {
    reply: frame => {
      const json = parseObject(frame.body);
      isOver ||= 'object' in json && hasFailed(json.object);
      return correct.reply(frame);
    },
    polls: eims => (isOver ? [] : correct.polls(eims)),
  };
};

/** Defects of the JSON binding. */
export const ipaJsonDefects: IpaDeviations = {
  postsJsonToOtherPath: stating('Its requests in JSON go to another path than that of the function.', ({ meta }) => ({
    ':path': `${meta[':path']}Request`,
  })),
  statesJsonAsText: stating('It sends its JSON as text/plain.', () => ({ 'content-type': 'text/plain;charset=UTF-8' })),
  sendsJsonInList: rewriting('It puts its requests in JSON into a list.', json => [json]),
  sendsHeaderObject: rewriting('Its requests in JSON have a header object.', json => ({
    header: { functionRequesterIdentifier: '1.3.6.1', functionCallIdentifier: '1' },
    ...json,
  })),
  omitsEidInJson: rewriting('Its requests in JSON lack eidValue.', ({ eidValue: _, ...members }) => members),
  writesEidInBase64: rewriting('It writes the EID in base64 instead of digits.', json =>
    typeof json.eidValue === 'string' ? { ...json, eidValue: Buffer.from(json.eidValue, 'hex').toString('base64') } : json,
  ),
  takesFailedAnswers: taking('It takes a package although the header of the answer states Failed.', (json, frame) =>
    hasFailed(json) && 'euiccPackageRequest' in json ? { ...frame, body: body({ ...json, header: SUCCESS }) } : frame,
  ),
  refusesUnknownMembersInAnswers: taking('It refuses an answer in JSON with a member that it does not know.', (json, frame) =>
    'laterVersion' in json ? { meta: { ...frame.meta, ':status': '500' }, body: new Uint8Array() } : frame,
  ),
  abandonsEimsAfterFailure: {
    does: 'It never contacts an eIM again whose answer in JSON stated Failed.',
    over: 'json',
    override: abandonsAfterFailure,
  },
};
