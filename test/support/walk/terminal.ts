/** A terminal of a person on the machine: one bash, into which blocks of documents are typed as they stand there. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { quoted } from '../image/namespace.ts';
import { poll } from '../world.ts';
import type { Machine } from './machine.ts';

/** A command of a block that ended with another code than 0. */
export interface Failed {
  readonly code: number;
  readonly command: string;
}

/** What has become of a block. */
export interface Typed {
  /** All that it has written so far. */
  output(): string;
  /** Resolves when all its commands have ended, with those that failed. */
  readonly done: Promise<readonly Failed[]>;
}

export interface Terminal {
  /** Types a block. The folder and the variables stay for the next one. */
  type(code: string): Typed;
  /** Types Ctrl-C: the command that runs gets SIGINT. */
  interrupt(): void;
  close(): void;
}

/** Between what blocks write; no program of the walk writes it. */
const MARK = '\u001e';
/**
 * The code of each command is looked at before the next one, because bash names none of those before the last one. Each command
 * has a process group of its own, as on a terminal.
 */
const BEGIN = `exec 2>&1
set -m
failed=(); last=
trap 'code=$?; [ $code -eq 0 ] || failed+=("$code $last"); last=$BASH_COMMAND' DEBUG
`;
const END = `printf '${MARK}%s' "\${failed[@]}" end; failed=()\n`;

/** The processes that the process has started and that still are. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Opens a terminal in /root. */
export function openTerminal(machine: Machine): Terminal {
  const bash: ChildProcess = machine.start('/bin/bash', '--noprofile', '--norc');
  let written = '';
  let hasEnded = false;
  bash.once('close', () => {
    hasEnded = true;
  });
  for (const stream of [bash.stdout, bash.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  bash.stdin?.write(BEGIN);
  return {
    type(code) {
      const from = written.length;
      bash.stdin?.write(`eval ${quoted(code)} </dev/null\n${END}`);
      const mine = (): string => written.slice(from);
      const done = poll(
        async () => {
          const text = mine();
          if (hasEnded) throw new Error(`the terminal closed:\n${text.slice(-4_000)}`);
          if (!text.endsWith(`${MARK}end`)) return undefined;
          const [, ...marks] = text.split(MARK);
          return marks.slice(0, -1).map((mark) => {
            const [number = '', ...command] = mark.split(' ');
            return { code: Number(number), command: command.join(' ') };
          });
        },
        'the block to end',
        600_000,
      );
      return { output: () => mine().split(MARK)[0] ?? '', done };
    },
    interrupt() {
      // nsenter starts bash, and bash the commands.
      const [shell] = childrenOf(bash.pid ?? 0);
      const [command] = shell === undefined ? [] : childrenOf(shell);
      if (command === undefined) throw new Error('Ctrl-C, but nothing runs in the terminal');
      process.kill(-command, 'SIGINT');
    },
    close() {
      bash.stdin?.end();
    },
  };
}
