/** HTTP frames of the JSON binding of ESipa: paths, headers, bodies and the checks on them. SGP.32 6.1, 6.4 */
import type { Frame } from '../../adapters/adapter.js';
import { check, type LinkEdits, type TransportCheck } from './binding.js';
import { ESIPA_JSON_FOLDER, type EsipaJsonFunction } from './esipa-json-functions.js';
import { editedBody } from './link-edits.js';
import { dropped } from './rsp-answer.js';
import { isJson, JSON_TYPE } from './rsp-frame.js';
import { isObject, type JsonObject } from './rsp-json.js';

/** The function that a path names; a query is no part of the name. */
export const functionAt = (functions: readonly EsipaJsonFunction[], frame: Frame): EsipaJsonFunction | undefined => {
  const path = frame.meta[':path']?.split('?')[0];
  return functions.find(f => path === `${ESIPA_JSON_FOLDER}${f.path}`);
};
/** Whether a frame goes to the JSON binding, to a function that exists or not. */
export const isJsonPath = (frame: Frame): boolean => frame.meta[':path']?.startsWith(ESIPA_JSON_FOLDER) ?? false;

export const pathCheck = (frame: Frame, of: EsipaJsonFunction | undefined): TransportCheck => {
  const path = frame.meta[':path'];
  const ok = of !== undefined && path === `${ESIPA_JSON_FOLDER}${of.path}`;
  return check('SGP32-6.4-11', 'path', `${ESIPA_JSON_FOLDER}<function>`, path, ok);
};
/** Content-Type of the binding; the charset may be spelt in any way, or be left out. */
export const jsonTypeCheck = (requirement: string, frame: Frame): TransportCheck => {
  const value = frame.meta['content-type'];
  return check(requirement, 'Content-Type', JSON_TYPE, value, isJson(value));
};
/** Whether a body is one JSON object. */
export const oneObjectCheck = (requirement: string, problem: string | undefined): TransportCheck =>
  check(requirement, 'body', 'one JSON object', problem ?? 'one JSON object', problem === undefined);

// What a script states may hold what JSON has no form for.
const replaced = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** The body of an object after `members` (members to add or to replace), `drop` and `body`. */
export const jsonBody = (json: JsonObject, link: LinkEdits): Uint8Array => {
  const edited = dropped(isObject(link.members) ? { ...json, ...link.members } : json, link);
  return editedBody(new Uint8Array(Buffer.from(JSON.stringify(edited, replaced), 'utf8')), link);
};
