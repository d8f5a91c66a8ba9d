/** HTTPS under weather: a client and a listener whose streams are led through a relay of ours. */
import type { Client, Listener } from './adapter.js';
import { parseAddress } from './address.js';
import { type HttpsClientOptions, openHttpsClient } from './https-client.js';
import { type HttpsListenerOptions, openHttpsListener } from './https-listener.js';
import type { Sky } from './sky.js';
import { openWeatherRelay } from './weather-relay.js';

/** As openHttpsClient; the names asked for and checked stay those of the URL. */
export const openHttpsClientUnder = async (sky: Sky, options: HttpsClientOptions): Promise<Client> => {
  const { hostname, port, protocol } = new URL(options.url);
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
  const relay = await openWeatherRelay({ listen: '127.0.0.1:0', to, sky });
  const client = openHttpsClient({ ...options, via: parseAddress(relay.address) });
  return {
    ...client,
    close: async () => {
      await client.close();
      await relay.close();
    },
  };
};

/** As openHttpsListener; its address is that of the relay, and every client seems to call from there. */
export const openHttpsListenerUnder = async (sky: Sky, options: HttpsListenerOptions): Promise<Listener> => {
  // What is slow because of the weather must not be taken for a client that hangs.
  const patient = { handshakeTimeout: { seconds: 60 }, requestTimeout: { seconds: 180 } };
  const listener = await openHttpsListener({ ...patient, ...options, listen: '127.0.0.1:0' });
  try {
    const relay = await openWeatherRelay({ listen: options.listen, to: parseAddress(listener.address), sky });
    return {
      ...listener,
      address: relay.address,
      close: async () => {
        await relay.close();
        await listener.close();
      },
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
};
