/** `sgp32 decode` and `sgp32 encode`: any message as a named tree or JSON, and back. */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { EncodeError, encodeUntyped } from '#protocol/asn1/encode.js';
import { fromJson, JsonFormError, toJson } from '#protocol/asn1/json.js';
import { printTlv, printTree } from '#protocol/asn1/print.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { recognise } from '#protocol/recognise.js';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { fileText, parseSpec, standardInputLines, UsageError, unknownName } from './input.js';

export interface CodecOptions {
  readonly type?: string;
  readonly spec: string;
  readonly json?: boolean;
}

const namedType = (name: string): Type => {
  const [module, bare] = name.startsWith('SGP.22:') ? (['SGP.22', name.slice(7)] as const) : (['SGP.32', name] as const);
  const type = typeNamed(bare, module);
  if (!type) throw unknownName('ASN.1 type', bare, typeNames());
  return type;
};

/** Hex text, or the octets of a file: binary DER, or hex in a text. */
const octetsOfArgument = (argument: string): Uint8Array => {
  const file = fileText(argument);
  const octets = fromHex(file ? file.toString('latin1') : argument) ?? (file ? new Uint8Array(file) : undefined);
  if (!octets || octets.length === 0) throw new UsageError(`expected hex octets or a file, got "${argument.slice(0, 60)}"`);
  return octets;
};

/** Decodes as the type asked for, else as the most plausible one for its tag. */
const understand = (octets: Uint8Array, typeName: string | undefined, spec: Spec): Decoded | undefined =>
  typeName ? decode(namedType(typeName), octets, { spec }) : recognise(octets, spec);

const jsonResult = (message: Decoded | undefined) =>
  message
    ? {
        type: message.type.name,
        spec: message.spec,
        ok: message.ok,
        value: toJson(message.type, message.value, message.spec),
        diagnostics: message.diagnostics,
      }
    : { ok: false, error: 'no type of SGP.32 or SGP.22 starts with this tag' };

const errorResult = (error: unknown) => {
  if (error instanceof UsageError || error instanceof EncodeError || error instanceof JsonFormError)
    return { ok: false, error: error.message };
  throw error;
};

const print = (text: string) => process.stdout.write(`${text}\n`);

/** Prints one message as a tree (or JSON); with `-` one JSON result per line of standard input. Exit code 1: it does not decode. */
export const decodeCommand = async (argument: string, options: CodecOptions): Promise<number> => {
  const spec = parseSpec(options.spec);
  if (options.type) namedType(options.type);
  if (argument === '-') {
    let failed = false;
    for await (const line of standardInputLines()) {
      const octets = fromHex(line);
      const result = octets ? jsonResult(understand(octets, options.type, spec)) : { ok: false, error: 'expected hex octets' };
      failed ||= !result.ok;
      print(JSON.stringify(result));
    }
    return failed ? 1 : 0;
  }
  const octets = octetsOfArgument(argument);
  const message = understand(octets, options.type, spec);
  if (options.json) print(JSON.stringify(jsonResult(message), null, 2));
  else if (message) print(`${message.type.name} (${message.type.section}, v${spec}), ${octets.length} octets\n${printTree(message)}`);
  else print(`${octets.length} octets of no type known here\n${printTlv(octets)}`);
  return message?.ok ? 0 : 1;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`expected JSON or a file, got "${text.slice(0, 60)}": ${cause instanceof Error ? cause.message : String(cause)}`);
  }
};

const encodeLine = (text: string, options: CodecOptions, spec: Spec): Uint8Array => {
  const json = parseJson(text);
  // A line that names its type itself, as `decode --json` prints it.
  const named =
    typeof json === 'object' && json !== null && 'type' in json && 'value' in json && typeof json.type === 'string'
      ? { type: json.type, value: json.value }
      : undefined;
  const name = options.type ?? named?.type;
  if (!name) throw new UsageError('--type is missing: which ASN.1 type is it?');
  const type = namedType(name);
  return encodeUntyped(type, fromJson(type, options.type ? json : named?.value, spec), { spec });
};

/** Prints the DER of one JSON value in hex; with `-` one JSON result per line of standard input. */
export const encodeCommand = async (argument: string, options: CodecOptions): Promise<number> => {
  const spec = parseSpec(options.spec);
  if (options.type) namedType(options.type);
  if (argument === '-') {
    let failed = false;
    for await (const line of standardInputLines()) {
      try {
        print(JSON.stringify({ ok: true, hex: hex(encodeLine(line, options, spec)) }));
      } catch (error) {
        failed = true;
        print(JSON.stringify(errorResult(error)));
      }
    }
    return failed ? 1 : 0;
  }
  try {
    const octets = encodeLine(fileText(argument)?.toString('utf8') ?? argument, options, spec);
    print(options.json ? JSON.stringify({ ok: true, hex: hex(octets) }) : hex(octets));
    return 0;
  } catch (error) {
    throw new UsageError(errorResult(error).error);
  }
};
