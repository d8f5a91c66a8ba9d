/** Lines of an output that nobody vouches for. */

/** A line, or a part of one that is longer than the limit; the line feed is included where there was one. */
export interface LinePart {
  readonly octets: Buffer;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const LINE_FEED = 0x0a;

/** Cuts octets into lines as they come; never holds more than the limit. */
export const lineCutter = (limit: number, take: (part: LinePart) => void) => {
  let held: Buffer[] = [];
  let size = 0;
  let isFirst = true;
  const give = (isLast: boolean) => {
    const octets = Buffer.concat(held);
    held = [];
    size = 0;
    const part = { octets, isFirst, isLast };
    isFirst = isLast;
    take(part);
  };
  const hold = (octets: Buffer) => {
    held.push(octets);
    size += octets.length;
  };
  return {
    push: (chunk: Buffer): void => {
      for (let at = 0; at < chunk.length; ) {
        const feed = chunk.indexOf(LINE_FEED, at);
        const end = Math.min(feed < 0 ? chunk.length : feed + 1, at + limit - size);
        hold(chunk.subarray(at, end));
        if (end === feed + 1) give(true);
        else if (size >= limit) give(false);
        at = end;
      }
    },
    /** What came after the last line feed is a line too. */
    end: (): void => {
      if (size > 0 || !isFirst) give(true);
    },
  };
};
