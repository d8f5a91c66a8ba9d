/** Seeded defects of an eIM in handing out packages. SGP.32 3.1.1.1, 5.14.5 */
import { tlv } from '#protocol/asn1/tlv.js';
import type { Outbound } from '../../adapters/adapter.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviations } from './deviation.js';
import { contained, contentAt, edit, retagged } from './edits.js';

const NO_PACKAGE = 1;
const UNDEFINED_ERROR = 127;

/** GetEimPackageResponse with an error, in place of a message. */
const withError = (answer: Outbound, code: number): Outbound =>
  'fault' in answer
    ? answer
    : {
        meta: { ...answer.meta, ':status': '200', 'content-type': 'application/x-gsma-rsp-asn1' },
        body: tlv(0xbf4f, tlv(0x02, Uint8Array.of(code))),
      };

/** Refuses GetEimPackage whose member of a tag is of a kind that it does not like. */
const refusing =
  (tag: string, dislikes: (content: Uint8Array) => boolean): EimOverride =>
  () => ({
    frame: (answer, request) => {
      const content = request.body[1] === 0x4f ? contentAt(request.body, tag) : undefined;
      return content && dislikes(content) ? withError(answer, UNDEFINED_ERROR) : answer;
    },
  });

/** A package whose result has come goes out once more. */
const repeatsAnsweredPackage: EimOverride = correct => {
  let latest: ReturnType<typeof correct.choosesPackage>;
  return {
    choosesPackage: (waiting, outstanding) => {
      const again = latest?.phase === 'closed' && latest.order.state === 'succeeded' ? latest : undefined;
      latest = again ? undefined : correct.choosesPackage(waiting, outstanding);
      return again ?? latest;
    },
  };
};

/** An eUICC gets one package in its life. */
const forgetsFurtherPackages: EimOverride = correct => {
  const served = new Set<string>();
  return {
    choosesPackage: (waiting, outstanding) => {
      const next = correct.choosesPackage(waiting, outstanding);
      if (next?.phase !== 'waiting') return next;
      const isFurther = served.delete(next.order.eid);
      served.add(next.order.eid);
      return isFurther ? undefined : next;
    },
  };
};

/** The package is signed anew for every request, with another eimTransactionId under the counter that it had. */
const reusesCounterForNewContent: EimOverride = correct => {
  const counters = new Map<string, number>();
  let current = '';
  let built = 0;
  return {
    repeatsOctets: () => false,
    choosesPackage: (waiting, outstanding) => {
      const next = correct.choosesPackage(waiting, outstanding);
      current = next?.order.id ?? '';
      return next;
    },
    nextCounter: previous => {
      const value = counters.get(current) ?? correct.nextCounter(previous);
      counters.set(current, value);
      return value;
    },
    writesSigned: signed => {
      built = (built + 1) % 256;
      return edit(
        signed,
        '82',
        contained(id => Uint8Array.of(built, ...id.subarray(1))),
      );
    },
  };
};

/** Defects of retrieval. */
export const eimRetrievalDefects: EimDeviations = {
  answersUndefinedErrorWhenEmpty: {
    does: 'Without a package it answers undefinedError.',
    override: () => ({ answersEmptyQueue: () => UNDEFINED_ERROR }),
  },
  tagsErrorByContext: {
    does: 'It writes eimPackageError with the tag 81 instead of 02.',
    override: () => ({ outgoing: (type, octets) => (type === 'GetEimPackageResponse' ? edit(octets, '02', retagged(0x81)) : octets) }),
  },
  confusesUnknownAndEmpty: {
    does: 'For an eUICC that it does not know it answers that there is no package.',
    override: () => ({ answersUnknownEid: () => NO_PACKAGE }),
  },
  servesAnyEuicc: {
    does: 'It hands out packages of the eUICC registered first, whoever asks.',
    override: correct => ({ ownerOfQueue: (eid, known) => known[0] ?? correct.ownerOfQueue(eid, known) }),
  },
  toleratesMalformedEid: {
    does: 'For an EID that is none it takes the first eUICC that it knows.',
    override: correct => ({
      judgesEid: octets => (octets === undefined ? 'missing' : 'valid'),
      ownerOfQueue: (eid, known) => (eid.length === 32 ? correct.ownerOfQueue(eid, known) : (known[0] ?? '')),
    }),
  },
  repeatsAnsweredPackage: {
    does: 'After the result of a package it hands the package out once more.',
    override: repeatsAnsweredPackage,
  },
  forgetsFurtherPackages: {
    does: 'After the first package of an eUICC it answers once that there is none.',
    override: forgetsFurtherPackages,
  },
  refusesStateChange: {
    does: 'It answers undefinedError to a request that reports a state change.',
    override: refusing('80', () => true),
  },
  refusesPlmn: {
    does: 'It answers undefinedError to a request that names the registered PLMN.',
    override: refusing('82', () => true),
  },
  refusesUnknownCause: {
    does: 'It answers undefinedError to a state change whose cause it does not know.',
    override: refusing('81', ([cause = 0]) => cause > 6 && cause !== UNDEFINED_ERROR),
  },
  reusesCounterForNewContent: {
    does: 'It signs a package anew for every request, with other content under the same counter.',
    override: reusesCounterForNewContent,
  },
};
