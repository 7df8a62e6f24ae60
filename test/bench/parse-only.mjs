/** The baseline of `explain`: a process that parses a plan and does nothing else. */
import { readFileSync } from 'node:fs';

JSON.parse(readFileSync(process.argv[2], 'utf8'));
