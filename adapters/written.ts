import type { Writable } from 'node:stream';

/** Writes, and tells when more may be written: at once (undefined), or when the stream has drained or is gone. */
export const written = (stream: Writable, chunk: string | Uint8Array): Promise<void> | undefined => {
  if (stream.destroyed || stream.writableEnded || stream.write(chunk)) return undefined;
  return new Promise(resolve => {
    const settle = () => {
      stream.removeListener('drain', settle);
      stream.removeListener('close', settle);
      resolve();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
};
