/** INTEGERs and BIT STRINGs whose list of names grew from version to version, while the layout stayed. */
import { bits, integer, SPECS, type Spec, type Type, versions } from './type.js';

type Names = Readonly<Record<string, number>>;
type Added = Partial<Readonly<Record<Spec, Names>>>;

const editions = <V>(make: (names: Names) => Type<V>, first: Names, added: Added): Type<V> => {
  const older: Partial<Record<Spec, Type>> = {};
  let names = first;
  let since: Spec = '1.0';
  for (const spec of SPECS) {
    const more = added[spec];
    if (!more) continue;
    older[since] = make(names);
    names = { ...names, ...more };
    since = spec;
  }
  return versions(older, since, make(names));
};

/** INTEGER with named numbers; each version adds to those before it. */
export const growingInteger = (tag: string, first: Names, added: Added): Type<number> =>
  editions(names => integer(tag, names), first, added);

/** BIT STRING with named bits; each version adds to those before it. */
export const growingBits = (tag: string, first: Names, added: Added): Type<readonly string[]> =>
  editions(names => bits(tag, names), first, added);
