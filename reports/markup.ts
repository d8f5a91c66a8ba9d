/** A piece of HTML, SVG or XML in which every text has been escaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a markup template: text is escaped, markup goes in as it is, `undefined` and `false` leave nothing. */
export type Insertion = string | number | Markup | readonly Markup[] | undefined | false;

// XML 1.0 has no notation for these, so they are shown by the Unicode picture of the control character.
const isForbidden = (code: number): boolean =>
  (code < 0x20 && code !== 0x09 && code !== 0x0a) ||
  code === 0x7f ||
  (code >= 0xd800 && code <= 0xdfff) ||
  code === 0xfffe ||
  code === 0xffff;

// Nearly all texts have none of them: one look at a whole text spares the look at each character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const MAYBE_FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff\ufffe\uffff]/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const MAYBE_STEERING = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/;

const picture = (code: number): string => (code < 0x20 ? String.fromCodePoint(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd');

/** Text on one line: control characters and line ends are shown as pictures, so that they cannot steer a terminal or break a table. */
export const oneLine = (text: string): string => (MAYBE_STEERING.test(text) ? steered(text) : text);
const steered = (text: string): string =>
  Array.from(text, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x80 && code < 0xa0) return '\ufffd';
    return code === 0x09 || code === 0x0a || isForbidden(code) ? picture(code) : character;
  }).join('');

/** Text in which control characters other than tab and line end are shown as pictures. */
export const visible = (text: string): string =>
  MAYBE_FORBIDDEN.test(text)
    ? Array.from(text, character => {
        const code = character.codePointAt(0) ?? 0;
        return isForbidden(code) ? picture(code) : character;
      }).join('')
    : text;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for element content and quoted attributes of HTML, SVG and XML 1.0. */
export const escapeMarkup = (text: string): string => visible(text).replace(/[&<>"']/g, character => entities[character] ?? character);

function render(value: Insertion): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeMarkup(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(part => part.markup).join('');
}

/** Template tag that builds markup and escapes every inserted text, so that no report can forget to. */
export function markup(literals: TemplateStringsArray, ...values: readonly Insertion[]): Markup {
  let built = literals[0] ?? '';
  values.forEach((value, index) => {
    built += render(value) + (literals[index + 1] ?? '');
  });
  return { markup: built };
}

/** Takes constant text of ours (style sheets) as markup; never for text from a record. */
export const verbatim = (text: string): Markup => ({ markup: text });
