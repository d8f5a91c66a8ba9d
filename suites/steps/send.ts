/** `<actor>.send`: composes what a correct counterpart would send, lays the script's edits over it, and sends it or answers with it. */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { type PrivateKey, verify } from '#protocol/crypto/ecdsa.js';
import { type SignatureSite, type SigningContext, signatureOctets, signaturesIn, signedOctets, signMessage } from '#protocol/signatures.js';
import type { LinkEdits } from '../../sim/bindings/binding.js';
import { type Composed, ComposeError } from '../../sim/role.js';
import type { SendStep } from '../language/ast.js';
import { buildValue, overlay } from '../language/build.js';
import { applyEdits, resolveEdits } from '../language/edit.js';
import { evaluateScalar } from '../language/evaluate.js';
import type { Node } from '../language/source.js';
import { ABSENT, isObject } from '../language/values.js';
import type { Context, Outcome } from '../runtime/context.js';
import { request } from '../runtime/converse.js';
import type { Outgoing, Party } from '../runtime/party.js';
import { HarnessError } from '../verdict.js';

/** Sends, or answers the request that the party received last. */
export const send = async (context: Context, step: SendStep): Promise<Outcome> => {
  const party = context.parties.get(step.actor);
  if (!party) throw new HarnessError(`no actor ${step.actor}`);
  const link = linkEdits(context, step.link);
  const waiting = party.inbox.findLast(a => a.answer !== undefined && a.taken);
  // An answer without a message is one all the same.
  const wire = !step.type && waiting ? undefined : context.clientWire(party, [step.typeName]);
  if (!wire && !waiting && party.wasSpared) return { checks: [], skipped: 'what it answers did not come' };
  const out = step.type ? await prepare(context, party, step, step.type) : undefined;
  if (wire) {
    if (!out) throw new HarnessError(`${party.name} calls the IUT: it can only send a message`);
    party.actor.sent?.(out);
    return { checks: [], exchange: request(context.stage, party, wire, out, link) };
  }
  if (!waiting?.answer) throw new HarnessError(`${party.name} has no request to answer`);
  waiting.answer(out, link);
  return { checks: [], exchange: waiting.exchange };
};

const linkEdits = (context: Context, node: Node | undefined): LinkEdits => {
  if (!node) return {};
  const built = buildValue(node, undefined, context.scope);
  return isObject(built) ? Object.fromEntries(Object.entries(built).filter(([, v]) => v !== ABSENT)) : {};
};

/** `with` changes the content, `mutate` what is signed, `signWith` the signer, `corrupt` what is already signed. */
const prepare = async (context: Context, party: Party, step: SendStep, type: Type): Promise<Outgoing> => {
  const { scope, spec } = context;
  const composed = await composeFor(party, step, type);
  const signAgain = (octets: Uint8Array, key?: PrivateKey) => {
    const message = decode(type, octets, { spec });
    const given = party.signing.context(message);
    return signMessage(
      type,
      octets,
      site => key ?? party.signing.privateKey(site, message),
      () => given,
      spec,
    );
  };
  let intended = 'octets' in composed ? composed.octets : new Uint8Array();
  if (step.with) {
    const base = 'octets' in composed ? decode(type, composed.octets, { spec }) : undefined;
    const stated = encodeStated(type, overlay(base?.value, step.with, type, scope, spec), spec, composed);
    if (!equal(intended, stated)) intended = renewSignatures(type, stated, party, spec, base);
  }
  let octets = intended;
  const edits: string[] = [];
  if (step.mutate) {
    const resolved = resolveEdits(step.mutate, type, scope, spec);
    if (resolved.length > 0) {
      const mutated = applyEdits(type, octets, resolved, spec);
      octets = signAgain(mutated.octets);
      edits.push(...mutated.descriptions.map(d => `${d}, then signed`));
    }
  }
  const key = step.signWith && signingKey(context, step.signWith);
  if (key) {
    octets = signAgain(octets, key.key);
    edits.push(`signed with ${key.name}`);
  }
  if (step.corrupt) {
    const resolved = resolveEdits(step.corrupt, type, scope, spec);
    const corrupted = applyEdits(type, octets, resolved, spec);
    octets = corrupted.octets;
    edits.push(...corrupted.descriptions);
  }
  // What a role knows besides the octets (a status code without an integer) holds as long as these are its own.
  return { ...('octets' in composed && equal(octets, composed.octets) ? composed : {}), type, octets, intended, edits };
};

interface NothingToSend {
  /** Why a correct counterpart would not send this message now. */
  readonly reason: string;
}

/** What a correct counterpart would send now; a script that states the message may also send what it has no reason to send. */
const composeFor = async (party: Party, step: SendStep, type: Type): Promise<Composed | NothingToSend> => {
  try {
    return await party.actor.compose(type.name, alternativeOf(step));
  } catch (error) {
    if (step.with && error instanceof ComposeError) return { reason: error.message };
    throw error;
  }
};

/** The alternative of a CHOICE that the script states, for a role that has several messages of the type to offer. */
const alternativeOf = ({ with: content, type }: SendStep): string | undefined => {
  const [first] = content?.kind === 'map' && type?.kind === 'choice' ? content.entries : [];
  return first?.key.split('.')[0];
};

const encodeStated = (type: Type, value: unknown, spec: Spec, composed: Composed | NothingToSend): Uint8Array => {
  try {
    return encodeUntyped(type, value, { spec });
  } catch (error) {
    if ('octets' in composed) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new HarnessError(`${composed.reason}; and "with" does not state a whole ${type.name}: ${problem}`, { cause: error });
  }
};

interface Signed {
  readonly signature: Uint8Array;
  readonly covered: Uint8Array;
}
const signedIn = (message: Decoded, site: SignatureSite, given: SigningContext): Signed | undefined => {
  const covered = signedOctets(message, site, given);
  if (!('octets' in covered)) return undefined;
  return { signature: signatureOctets(message, site), covered: covered.octets };
};

/** Signs what the script changed in a composed message; signed objects that it relays or repeats keep the signature they came with. */
const renewSignatures = (type: Type, octets: Uint8Array, party: Party, spec: Spec, composed: Decoded | undefined): Uint8Array => {
  const message = decode(type, octets, { spec });
  const given = party.signing.context(message);
  const then = composed && party.signing.context(composed);
  const before = then ? signaturesIn(composed).flatMap(site => signedIn(composed, site, then) ?? []) : [];
  const isValid = (site: SignatureSite, key: PrivateKey): boolean => {
    const own = signedIn(message, site, given);
    if (!own) return false;
    // What a counterpart composed is signed: there is no need to verify it, nor that it holds for nothing else.
    const as = before.find(({ signature }) => equal(signature, own.signature));
    return as ? equal(as.covered, own.covered) : verify(key, own.covered, own.signature);
  };
  const keyFor = (site: SignatureSite): PrivateKey | undefined => {
    const key = party.signing.privateKey(site, message);
    return key && isValid(site, key) ? undefined : key;
  };
  return signMessage(type, octets, keyFor, () => given, spec);
};

const signingKey = (context: Context, node: Node): { readonly key: PrivateKey; readonly name: string } | undefined => {
  if (node.kind !== 'scalar') throw new HarnessError('signWith names one key');
  const { value, text } = evaluateScalar(node, context.scope);
  if (value === ABSENT) return undefined;
  if (typeof value === 'object' && value !== null && 'scalar' in value) return { key: value as PrivateKey, name: text ?? node.text };
  throw new HarnessError(`${node.text} is no private key`);
};
