/** Acts on a card that a lab can do by itself, where the IXIT file binds nothing else to them. */
import type { CardLink, Ixit } from './ixit-schema.js';

/** The wire on which a card under test is reached. */
export const cardLink = ({ links }: Pick<Ixit, 'links'>): CardLink | undefined => {
  const found = Object.values(links.es10 ?? {}).find(one => one.kind === 'card');
  return found?.kind === 'card' ? found : undefined;
};

/** Actions that need no binding: a reader can reset its card, our eIMs can leave it, and a simulated card can be made anew. */
export const nativeActions = (ixit: Pick<Ixit, 'links'>): readonly string[] => {
  const wire = cardLink(ixit)?.wire;
  if (wire === undefined) return [];
  return wire === 'simulated' ? ['resetCard', 'removeEims', 'replaceCard'] : ['resetCard', 'removeEims'];
};
