#!/usr/bin/env node
import { main } from '../dist/suites/cli.js';

// `sgp32 plan | head` ends when its reader does, and that is no error of ours.
process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2));
// Everything is closed by who opened it; should something still hold the process, the command has ended nevertheless.
setTimeout(() => process.exit(), 3000).unref();
