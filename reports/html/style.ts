import { verbatim } from '../markup.js';

// In a CSS string everything but letters, digits and a few signs is written as a code point, so that no run id can end the string.
const quoted = (text: string): string =>
  `"${Array.from(text, character => (/[A-Za-z0-9 .:_-]/.test(character) ? character : `\\${character.codePointAt(0)?.toString(16)} `)).join('')}"`;

const screen = `
:root { --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --pale: #f5f7f9; --accent: #1f4e8c;
  --pass: #1a7f37; --fail: #b3261e; --inconclusive: #9a6700; --error: #7d3c98; --cannotRun: #9a6700; --notRecorded: #7d3c98; --notApplicable: #8b949e; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 40px 80px; max-width: 1180px; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 26px; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 20px; margin: 56px 0 12px; padding-top: 12px; border-top: 2px solid var(--ink); }
h3 { font-size: 16px; margin: 32px 0 8px; }
h4 { font-size: 14px; margin: 20px 0 6px; color: var(--soft); font-weight: 600; }
p { margin: 6px 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 12.5px; }
pre { margin: 8px 0; padding: 10px 12px; background: var(--pale); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 24px; flex-wrap: wrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 40px; margin: 20px 0; }
.facts div { display: grid; grid-template-columns: 140px minmax(0, 1fr); padding: 5px 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--soft); padding-right: 10px; overflow-wrap: anywhere; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.result { margin: 24px 0 8px; padding: 16px 20px; border-left: 6px solid var(--c); background: var(--pale); border-radius: 0 6px 6px 0; }
.result strong { display: block; font-size: 20px; color: var(--c); }
nav ol { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 2px 24px; padding: 0; margin: 20px 0 0; list-style: none; }
nav li { border-bottom: 1px solid var(--line); padding: 5px 0; display: flex; justify-content: space-between; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; border-bottom: 1.5px solid var(--ink); padding: 6px 12px 6px 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 6px 12px 6px 0; vertical-align: top; overflow-wrap: anywhere; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
td.t, th.t, a.t { white-space: nowrap; overflow-wrap: normal; }
.bar { display: flex; width: 180px; height: 12px; border-radius: 3px; overflow: hidden; background: var(--pale); }
.bar.wide { width: 100%; height: 14px; margin: 12px 0 4px; }
.bar i { background: var(--c); border-right: 1px solid #fff; min-width: 3px; }
.v { color: var(--c); font-weight: 600; white-space: nowrap; }
.v-pass { --c: var(--pass); } .v-fail { --c: var(--fail); } .v-inconclusive { --c: var(--inconclusive); } .v-error { --c: var(--error); }
.v-cannotRun { --c: var(--cannotRun); } .v-notRecorded { --c: var(--notRecorded); } .v-notApplicable { --c: var(--notApplicable); } .v-skipped { --c: var(--notApplicable); }
.level { font-size: 11.5px; font-weight: 700; letter-spacing: .04em; color: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: 1px 6px; white-space: nowrap; }
.violation { border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 14px 0; }
.compare { display: grid; grid-template-columns: 90px minmax(0, 1fr); gap: 2px 12px; margin: 8px 0; }
.compare dt { color: var(--soft); } .compare dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.compare .got { color: var(--fail); font-weight: 600; }
.excerpt b { color: var(--fail); }
table.dump { border: 1px solid var(--line); border-radius: 6px; border-collapse: separate; border-spacing: 0; background: var(--pale); table-layout: auto; }
table.dump td { border: 0; padding: 1px 12px; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 12.5px; }
table.dump td:first-child { color: var(--soft); width: 1%; white-space: nowrap; overflow-wrap: normal; }
table.dump td.hex { white-space: pre; overflow-wrap: normal; width: 1%; }
table.dump tr.bad td { background: #fbe3e1; } table.dump tr.weak td { background: #fff3d6; }
table.dump .why { color: var(--fail); font-weight: 600; } table.dump .weak .why { color: var(--inconclusive); }
mark { background: #ffd98a; color: inherit; border-radius: 2px; padding: 0 1px; }
figure { margin: 12px 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }
.case { border-top: 1px solid var(--ink); margin-top: 40px; padding-top: 4px; }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--accent); }
footer { margin-top: 64px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media (max-width: 700px) { .facts { grid-template-columns: 1fr; } body { padding: 20px 16px 60px; } .bar { width: 90px; } }
`;

const print = (runId: string): string => `
@page { size: A4; margin: 18mm 15mm 20mm;
  @bottom-left { content: ${quoted(runId)}; font: 8pt system-ui, sans-serif; color: #57606a; }
  @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt system-ui, sans-serif; color: #57606a; } }
@media print {
  body { padding: 0; max-width: none; font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  #violated, #traceability, #cases, .case { break-before: page; margin-top: 0; } .case { border-top: 0; margin-top: 0; }
  h2, h3, h4 { break-after: avoid; } tr, .violation dl, figure, .facts div { break-inside: avoid; } thead { display: table-header-group; }
  figure { overflow: visible; } figure svg { max-width: 100%; height: auto; }
  code, pre, .mono, table.dump td { font-size: 8pt; } a { color: inherit; } summary { color: inherit; list-style: none; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
`;

/** Style sheet of the standalone summary; on paper every page carries the run id and its number, every case begins a page. */
export const style = (runId: string) => verbatim(screen + print(runId));
