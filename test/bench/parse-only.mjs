/** What explain is measured against: a process that reads a plan and does nothing with it. */
import { readFileSync } from 'node:fs';

JSON.parse(readFileSync(process.argv[2], 'utf8'));
