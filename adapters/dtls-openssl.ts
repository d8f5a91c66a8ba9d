/**
 * The functions of OpenSSL that DTLS takes, called in the OpenSSL that Node.js itself is built with. Node.js offers TLS over streams only.
 * Pointers are numbers to us: nothing here keeps anything alive, whoever makes an object frees it.
 */
import { LinkError } from './adapter.js';
import { errorText } from './tls.js';

/** An address in the memory of OpenSSL; 0 for none. */
export type Pointer = bigint;
type Argument = bigint | number | string | Uint8Array | null;

/** What OpenSSL asks and tells while it handles a session. None may throw. */
export interface Hooks {
  keyLog(line: string): void;
  /** A handshake message (22) or alert (21), in plain text. */
  message(direction: 'in' | 'out', contentType: number, octets: Uint8Array): void;
  /** The cookie for the peer. RFC 6347 4.2.1 */
  cookie(): Uint8Array;
  /** The next pause before a flight is sent again, after the last one; microseconds, 0 at first. */
  pause(last: number): number;
  /** Whether the certificates of the peer are trusted, from an X509_STORE_CTX. */
  verify(store: Pointer): boolean;
  /** The SSL_CTX that serves a server name, or 0 when nobody here bears it. */
  context(serverName: string): Pointer;
}

const HANDSHAKE = 22;
const ALERT = 21;
const UNRECOGNIZED_NAME = 112;
const SERVERNAME_FATAL = 2;
const COOKIE_LENGTH = 32;
const SET_SERVERNAME_CALLBACK = 53;

type Koffi = typeof import('koffi')['default'];

const libraries = (koffi: Koffi) => {
  const own = koffi.load(null);
  try {
    own.func('SSL_new', 'void *', ['void *']);
    return { ssl: own, crypto: own };
  } catch {
    // A Node.js that hides its symbols: then the OpenSSL of the system, kept apart from that of Node.js.
    const options = { deep: true } as const;
    return { crypto: koffi.load('libcrypto.so.3', options), ssl: koffi.load('libssl.so.3', options) };
  }
};

/** Makes the functions; throws when koffi or OpenSSL is not what it should be. */
const bind = (koffi: Koffi) => {
  const { ssl, crypto } = libraries(koffi);
  const P = 'void *';
  const integer = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, 'int', parameters);
    return (...values: Argument[]): number => call(...values);
  };
  const pointer = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, P, parameters);
    return (...values: Argument[]): Pointer => call(...values) ?? 0n;
  };
  const text = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, 'str', parameters);
    return (...values: Argument[]): string => call(...values) ?? '';
  };
  const nothing = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, 'void', parameters);
    return (...values: Argument[]): void => void call(...values);
  };
  const ulong = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, 'unsigned long', parameters);
    return (...values: Argument[]): number => Number(call(...values));
  };
  const long = (name: string, parameters: string[], library = ssl) => {
    const call = library.func(name, 'long', parameters);
    return (...values: Argument[]): number => Number(call(...values));
  };
  return {
    version: text('OpenSSL_version', ['int'], crypto)(0),
    DTLS_method: pointer('DTLS_method', []),
    SSL_CTX_new: pointer('SSL_CTX_new', [P]),
    SSL_CTX_free: nothing('SSL_CTX_free', [P]),
    SSL_CTX_ctrl: long('SSL_CTX_ctrl', [P, 'int', 'long', P]),
    SSL_CTX_set_options: nothing('SSL_CTX_set_options', [P, 'uint64_t']),
    SSL_CTX_set_cipher_list: integer('SSL_CTX_set_cipher_list', [P, 'str']),
    SSL_CTX_use_certificate: integer('SSL_CTX_use_certificate', [P, P]),
    SSL_CTX_use_PrivateKey: integer('SSL_CTX_use_PrivateKey', [P, P]),
    SSL_CTX_get_cert_store: pointer('SSL_CTX_get_cert_store', [P]),
    SSL_CTX_get0_param: pointer('SSL_CTX_get0_param', [P]),
    SSL_CTX_set_verify: nothing('SSL_CTX_set_verify', [P, 'int', P]),
    SSL_new: pointer('SSL_new', [P]),
    SSL_free: nothing('SSL_free', [P]),
    SSL_ctrl: long('SSL_ctrl', [P, 'int', 'long', P]),
    SSL_set_bio: nothing('SSL_set_bio', [P, P, P]),
    SSL_set_accept_state: nothing('SSL_set_accept_state', [P]),
    SSL_set_connect_state: nothing('SSL_set_connect_state', [P]),
    SSL_do_handshake: integer('SSL_do_handshake', [P]),
    SSL_read: integer('SSL_read', [P, P, 'int']),
    SSL_write: integer('SSL_write', [P, P, 'int']),
    SSL_shutdown: integer('SSL_shutdown', [P]),
    SSL_get_error: integer('SSL_get_error', [P, 'int']),
    SSL_get_version: text('SSL_get_version', [P]),
    SSL_get_current_cipher: pointer('SSL_get_current_cipher', [P]),
    SSL_CIPHER_standard_name: text('SSL_CIPHER_standard_name', [P]),
    SSL_session_reused: integer('SSL_session_reused', [P]),
    SSL_get1_session: pointer('SSL_get1_session', [P]),
    SSL_set_session: integer('SSL_set_session', [P, P]),
    SSL_SESSION_free: nothing('SSL_SESSION_free', [P]),
    X509_STORE_add_cert: integer('X509_STORE_add_cert', [P, P], crypto),
    X509_STORE_CTX_get0_cert: pointer('X509_STORE_CTX_get0_cert', [P], crypto),
    X509_STORE_CTX_get0_untrusted: pointer('X509_STORE_CTX_get0_untrusted', [P], crypto),
    X509_STORE_CTX_get0_param: pointer('X509_STORE_CTX_get0_param', [P], crypto),
    X509_STORE_CTX_set0_trusted_stack: nothing('X509_STORE_CTX_set0_trusted_stack', [P, P], crypto),
    X509_STORE_CTX_get_error: integer('X509_STORE_CTX_get_error', [P], crypto),
    X509_STORE_CTX_set_error: nothing('X509_STORE_CTX_set_error', [P, 'int'], crypto),
    X509_VERIFY_PARAM_set_flags: integer('X509_VERIFY_PARAM_set_flags', [P, 'unsigned long'], crypto),
    X509_VERIFY_PARAM_set_auth_level: nothing('X509_VERIFY_PARAM_set_auth_level', [P, 'int'], crypto),
    X509_verify_cert: integer('X509_verify_cert', [P], crypto),
    X509_verify_cert_error_string: text('X509_verify_cert_error_string', ['long'], crypto),
    X509_free: nothing('X509_free', [P], crypto),
    EVP_PKEY_free: nothing('EVP_PKEY_free', [P], crypto),
    OPENSSL_sk_num: integer('OPENSSL_sk_num', [P], crypto),
    OPENSSL_sk_value: pointer('OPENSSL_sk_value', [P, 'int'], crypto),
    OPENSSL_sk_new_null: pointer('OPENSSL_sk_new_null', [], crypto),
    OPENSSL_sk_push: integer('OPENSSL_sk_push', [P, P], crypto),
    OPENSSL_sk_free: nothing('OPENSSL_sk_free', [P], crypto),
    BIO_new: pointer('BIO_new', [P], crypto),
    BIO_s_mem: pointer('BIO_s_mem', [], crypto),
    BIO_free: integer('BIO_free', [P], crypto),
    BIO_read: integer('BIO_read', [P, P, 'int'], crypto),
    BIO_write: integer('BIO_write', [P, P, 'int'], crypto),
    BIO_ctrl: long('BIO_ctrl', [P, 'int', 'long', P], crypto),
    d2i_X509_bio: pointer('d2i_X509_bio', [P, P], crypto),
    i2d_X509_bio: integer('i2d_X509_bio', [P, P], crypto),
    d2i_PrivateKey_bio: pointer('d2i_PrivateKey_bio', [P, P], crypto),
    ERR_get_error: ulong('ERR_get_error', [], crypto),
    ERR_clear_error: nothing('ERR_clear_error', [], crypto),
    ERR_reason_error_string: text('ERR_reason_error_string', ['unsigned long'], crypto),
    ...callbacks(koffi, ssl),
  };
};

/**
 * One set of callbacks for the process, as koffi has room for so many only. OpenSSL calls them from within our calls alone, so that the hooks of the
 * call under way are the right ones; an exception must not run through its stack.
 */
const callbacks = (koffi: Koffi, ssl: ReturnType<typeof libraries>['ssl']) => {
  let current: Hooks | undefined;
  const octetsAt = (at: Pointer, length: number): Uint8Array => Uint8Array.from(koffi.decode(at, 'uint8_t', length));
  const serverNameOf = ssl.func('SSL_get_servername', 'str', ['void *', 'int']);
  const useContext = ssl.func('SSL_set_SSL_CTX', 'void *', ['void *', 'void *']);
  const register = (definition: string, act: (...values: never[]) => unknown): Pointer =>
    koffi.register(act, koffi.pointer(koffi.proto(definition)));

  const keyLog = register('void sgp32_keylog(void *ssl, const char *line)', (_ssl: Pointer, line: string) => current?.keyLog(line));
  const message = register(
    'void sgp32_message(int write_p, int version, int content_type, void *buf, size_t len, void *ssl, void *arg)',
    (outwards: number, _version: number, contentType: number, at: Pointer, length: number) => {
      if (contentType === HANDSHAKE || contentType === ALERT)
        current?.message(outwards === 0 ? 'in' : 'out', contentType, octetsAt(at, Number(length)));
    },
  );
  const makeCookie = register(
    'int sgp32_cookie(void *ssl, void *cookie, void *len)',
    (_ssl: Pointer, at: Pointer, length: Pointer): number => {
      const cookie = current?.cookie();
      if (cookie === undefined || cookie.length > COOKIE_LENGTH) return 0;
      koffi.encode(at, 'uint8_t', [...cookie], cookie.length);
      koffi.encode(length, 'unsigned int', cookie.length);
      return 1;
    },
  );
  const checkCookie = register(
    'int sgp32_check_cookie(void *ssl, void *cookie, unsigned int len)',
    (_ssl: Pointer, at: Pointer, length: number): number => {
      const cookie = current?.cookie();
      return cookie !== undefined && length === cookie.length && Buffer.compare(octetsAt(at, length), cookie) === 0 ? 1 : 0;
    },
  );
  const pause = register(
    'unsigned int sgp32_pause(void *ssl, unsigned int last)',
    (_ssl: Pointer, last: number) => current?.pause(last) ?? last,
  );
  const verify = register('int sgp32_verify(void *store, void *arg)', (store: Pointer): number => (current?.verify(store) ? 1 : 0));
  const serverName = register('int sgp32_server_name(void *ssl, void *al, void *arg)', (session: Pointer, alert: Pointer): number => {
    const context = current?.context(serverNameOf(session, 0) ?? '') ?? 0n;
    if (context !== 0n && useContext(session, context) !== null) return 0;
    koffi.encode(alert, 'int', UNRECOGNIZED_NAME);
    return SERVERNAME_FATAL;
  });

  const set = (name: string) => ssl.func(name, 'void', ['void *', 'void *']);
  const setKeyLog = set('SSL_CTX_set_keylog_callback');
  const setMessage = set('SSL_CTX_set_msg_callback');
  const setMakeCookie = set('SSL_CTX_set_cookie_generate_cb');
  const setCheckCookie = set('SSL_CTX_set_cookie_verify_cb');
  const setVerify = ssl.func('SSL_CTX_set_cert_verify_callback', 'void', ['void *', 'void *', 'void *']);
  const setServerName = ssl.func('SSL_CTX_callback_ctrl', 'long', ['void *', 'int', 'void *']);
  const setPause = set('DTLS_set_timer_cb');
  return {
    octetsAt,
    /** Lets a new SSL_CTX call the hooks of its end. */
    hook: (context: Pointer, end: 'client' | 'server'): void => {
      setKeyLog(context, keyLog);
      setMessage(context, message);
      if (end === 'client') return void setVerify(context, verify, null);
      setMakeCookie(context, makeCookie);
      setCheckCookie(context, checkCookie);
      // OpenSSL would call it at a client too.
      setServerName(context, SET_SERVERNAME_CALLBACK, serverName);
    },
    /** Lets a new SSL ask the hooks for its pauses. */
    hookPauses: (session: Pointer): void => setPause(session, pause),
    /** Makes calls whose hooks are these. */
    within: <T>(hooks: Hooks, call: () => T): T => {
      const before = current;
      current = hooks;
      try {
        return call();
      } finally {
        current = before;
      }
    },
  };
};

export type Openssl = ReturnType<typeof bind>;

let loading: Promise<Openssl> | undefined;
/** The functions, made once; rejects with LinkError when this machine cannot have them. */
export const loadOpenssl = (): Promise<Openssl> => {
  loading ??= import('koffi').then(module => bind(module.default));
  return loading.catch((cause: unknown) => {
    const text = `DTLS needs the optional package koffi and OpenSSL 3 within Node.js: ${errorText(cause)}`;
    throw new LinkError('unreachable', text, { cause });
  });
};

/** The first error that OpenSSL has in store, with the code that Node.js would give it; the others are dropped. */
export const opensslError = (openssl: Openssl): Error => {
  const number = openssl.ERR_get_error();
  openssl.ERR_clear_error();
  const reason = openssl.ERR_reason_error_string(number) || `error ${number.toString(16)}`;
  return Object.assign(new Error(reason), { code: `ERR_SSL_${reason.toUpperCase().replace(/ /g, '_')}` });
};

/** Octets in a memory BIO; it has to be freed. */
export const bioOf = (openssl: Openssl, octets: Uint8Array): Pointer => {
  const bio = openssl.BIO_new(openssl.BIO_s_mem());
  openssl.BIO_write(bio, octets, octets.length);
  return bio;
};

/** An X509 from DER; it has to be freed. */
export const certificateFrom = (openssl: Openssl, der: Uint8Array): Pointer => {
  const bio = bioOf(openssl, der);
  const certificate = openssl.d2i_X509_bio(bio, null);
  openssl.BIO_free(bio);
  if (certificate === 0n) throw opensslError(openssl);
  return certificate;
};

/** The DER of an X509. */
export const derOf = (openssl: Openssl, certificate: Pointer): Uint8Array => {
  const bio = openssl.BIO_new(openssl.BIO_s_mem());
  openssl.i2d_X509_bio(bio, certificate);
  const octets = drain(openssl, bio);
  openssl.BIO_free(bio);
  return octets;
};

const PENDING = 10;
/** Everything that is in a memory BIO. */
export const drain = (openssl: Openssl, bio: Pointer): Uint8Array => {
  const octets = new Uint8Array(openssl.BIO_ctrl(bio, PENDING, 0, null));
  if (octets.length > 0) openssl.BIO_read(bio, octets, octets.length);
  return octets;
};
