/** `<actor>.send`: composes what a correct counterpart would send, lays the script's edits over it, and sends it or answers with it. */
import { decode } from '#protocol/asn1/decode.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import { signMessage } from '#protocol/signatures.js';
import type { LinkEdits } from '../../sim/bindings/binding.js';
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
  const out = step.type ? await prepare(context, party, step, step.type) : undefined;
  const wire = context.clientWire(party);
  if (wire) {
    if (!out) throw new HarnessError(`${party.name} calls the IUT: it can only send a message`);
    return { checks: [], exchange: request(context.stage, party, wire, out, link) };
  }
  const waiting = party.inbox.findLast(a => a.answer !== undefined && a.taken);
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
  const composed = await party.actor.compose(type.name);
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
  let intended = composed.octets;
  if (step.with) {
    intended = encodeUntyped(type, overlay(decode(type, composed.octets, { spec }).value, step.with, type, scope, spec), { spec });
    if (!equal(intended, composed.octets)) intended = signAgain(intended);
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
  return { ...(equal(octets, composed.octets) ? composed : {}), type, octets, intended, edits };
};

const signingKey = (context: Context, node: Node): { readonly key: PrivateKey; readonly name: string } | undefined => {
  if (node.kind !== 'scalar') throw new HarnessError('signWith names one key');
  const { value, text } = evaluateScalar(node, context.scope);
  if (value === ABSENT) return undefined;
  if (typeof value === 'object' && value !== null && 'scalar' in value) return { key: value as PrivateKey, name: text ?? node.text };
  throw new HarnessError(`${node.text} is no private key`);
};
