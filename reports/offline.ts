// Elements that fetch what they name, by themselves, as soon as the page shows them; a link (<a>) waits for a click.
const loading = /<(?:script|link|img|iframe|frame|object|embed|source|video|audio|track|input|image|use|base)\b[^>]*>/gi;
const target = /\b(?:src|href|xlink:href|data|srcset|poster)\s*=\s*["']?\s*((?:https?:|wss?:)?\/\/[^\s"'>]+)/i;

// Calls of a script, and style sheets, that fetch from an address written beside them.
const calls =
  /(?:\b(?:fetch|import|importScripts|sendBeacon|WebSocket|EventSource|Worker|url)\(\s*|@import\s+|\.(?:src|href)\s*=\s*)["'`]?((?:https?:|wss?:)?\/\/[a-z0-9][^\s"'`)]*)/gi;

// No wildcard in front: the pages are megabytes of base64 without a break.
const analytics = /(?:googletagmanager|google-analytics)\.com[^\s"'`]*/gi;

const encodedScripts = /data:(?:text|application)\/javascript;base64,([A-Za-z0-9+/=]+)/g;

/** Addresses outside the file that an HTML page would load by itself, in its markup, styles, and inline or embedded scripts. */
export function externalLoads(html: string): readonly string[] {
  const elements = [...html.matchAll(loading)].flatMap(([element]) => target.exec(element)?.[1] ?? []);
  const scripts = [...html.matchAll(encodedScripts)].map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('utf8'));
  const inCode = [html, ...scripts].flatMap(code => [
    ...[...code.matchAll(calls)].map(([, address = '']) => address),
    ...[...code.matchAll(analytics)].map(([address]) => address),
  ]);
  return [...new Set([...elements, ...inCode])];
}

/** Takes the analytics out of a page made by Allure: the script that loads it, and the one that calls it. */
export const withoutAnalytics = (html: string): string =>
  html.replace(
    /<script\b[^>]*\bsrc="https:\/\/www\.googletagmanager\.com[^>]*><\/script>\s*(?:<script>[^<]*\bgtag\([^<]*<\/script>)?/g,
    '',
  );

const policy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data: blob:; " +
  'img-src data: blob:; font-src data:; media-src data: blob:; connect-src data: blob:; frame-src data: blob:; worker-src data: blob:';

/** Adds a policy to a page that makes the browser refuse everything outside the file, should a script still ask for it. */
export const sealed = (html: string): string =>
  html.replace(/<head\b[^>]*>/i, head => `${head}\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`);
