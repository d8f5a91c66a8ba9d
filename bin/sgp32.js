#!/usr/bin/env node
import { main } from '../dist/suites/cli.js';

process.exitCode = await main(process.argv.slice(2));
// Everything is closed by who opened it; should something still hold the process, the command has ended nevertheless.
setTimeout(() => process.exit(), 3000).unref();
