import { describe, expect, it } from 'vitest';
import { condenseErrors, heldLock, lockInWords } from '../../../src/terraform/tool-errors.ts';

const BOXED = `\u001b[33m╷\u001b[0m
│ Warning: Deprecated parameter
│
│ Something about a parameter.
╵
\u001b[31m╷\u001b[0m\u001b[0m
\u001b[31m│\u001b[0m \u001b[0m\u001b[1m\u001b[31mError: \u001b[0m\u001b[0m\u001b[1mInvalid value for variable\u001b[0m
│
│   on main.tf line 4:
│    4: variable "password" { default = "hunter2" }
│     ├────────────────
│     │ var.password is "hunter2"
│
│ The value is not what
│ was expected of it.
│
│ Another thought.
╵
`;

/** As Terraform 1.11.4 wrote it when another apply held the lock. */
const LOCKED = `
Error: Error acquiring the state lock

Error message: resource temporarily unavailable
Lock Info:
  ID:        a560bb2d-6ad5-9fac-ed56-9838c3c7fc64
  Path:      /srv/prod.tfstate
  Operation: OperationTypeApply
  Who:       kim@laptop
  Version:   1.11.4
  Created:   2026-11-23 06:33:47.933933176 +0000 UTC
  Info:      


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended.
`;

describe('condenseErrors', () => {
  it('leaves out the error that only says that others follow', () => {
    const about =
      'Error: Terraform encountered problems during initialisation, including problems\nwith the configuration, described below.\n\nThe Terraform configuration must be valid.\n';
    const syntax = 'Error: Invalid multi-line string\n\n  on main.tf line 2:\n\nNo line breaks.\n';
    expect(condenseErrors(`${about}\n${syntax}`)).toBe(
      'Invalid multi-line string\non main.tf line 2:\nNo line breaks.',
    );
    expect(condenseErrors(about)).toContain('encountered problems');
  });

  it('leaves the words and takes away frame, colours, warnings, quoted source and values', () => {
    expect(condenseErrors(BOXED)).toBe(
      'Invalid value for variable\non main.tf line 4:\nThe value is not what was expected of it.\nAnother thought.',
    );
  });

  it('reads the form without a frame, and several errors', () => {
    const text = 'noise\n\nError: One\n\nBecause of\nthis.\n\nError: Two\n';
    expect(condenseErrors(text)).toBe('One\nBecause of this.\nTwo');
  });

  it('counts what is too much', () => {
    const many = Array.from({ length: 9 }, (_, i) => `Error: Number ${i}\n`).join('\n');
    expect(condenseErrors(many)).toMatch(/Number 4\nand 4 more errors$/);
  });

  it('falls back to the last lines, or says that there are none', () => {
    expect(condenseErrors('a\nb\n')).toBe('a\nb');
    expect(condenseErrors('')).toBe('it gave no reason');
  });
});

describe('heldLock', () => {
  it('reads who, since when and which', () => {
    expect(heldLock(LOCKED)).toEqual({
      who: 'kim@laptop',
      id: 'a560bb2d-6ad5-9fac-ed56-9838c3c7fc64',
      operation: 'apply',
      since: Date.parse('2026-11-23T06:33:47.933Z'),
    });
  });

  it('is null for any other error, and does without what is missing', () => {
    expect(heldLock(BOXED)).toBeNull();
    const bare = 'Error: Error acquiring the state lock\n\nError message: workspace already locked\n';
    expect(heldLock(bare)).toEqual({ who: 'somebody', id: '', operation: null, since: null });
    const http =
      'Error: Error acquiring the state lock\n\nError message: HTTP remote state already locked: ID=12-ab\n';
    expect(heldLock(http)).toEqual({ who: 'somebody', id: '12-ab', operation: null, since: null });
  });

  it('is no lock of somebody where m0 may not take one', () => {
    const denied =
      'Error: Error acquiring the state lock\n\nError message: operation error S3: PutObject, https response error StatusCode: 403, AccessDenied\n';
    expect(heldLock(denied)).toBeNull();
  });

  it('is a sentence', () => {
    const whole = heldLock(LOCKED);
    expect(whole && lockInWords(whole)).toBe(
      'the state is locked by kim@laptop (apply) since 2026-11-23T06:33:47.933Z, lock a560bb2d-6ad5-9fac-ed56-9838c3c7fc64',
    );
    expect(lockInWords({ who: 'somebody', id: '', operation: null, since: null })).toBe(
      'the state is locked by somebody',
    );
  });
});
