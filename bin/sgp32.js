#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Node.js 22.1 and later keep compiled code for the next start; where nothing can be written, they go on without it.
module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/sgp32', import.meta.url)));
// Commands last seconds. Node.js 20 spends more processor time on optimising them than it saves, and a run on few cores waits for it.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=180000');
const { main } = await import('../dist/suites/cli.js');

// `sgp32 plan | head` ends when its reader does, and that is no error of ours.
process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2));
// Everything is closed by who opened it; should something still hold the process, the command has ended nevertheless.
setTimeout(() => process.exit(), 3000).unref();
