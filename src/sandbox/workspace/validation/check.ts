import { z } from 'zod';

/** A complaint about one place of what an app sent, worded as Slack words it. */
export interface Issue {
  readonly message: string;
  /** JSON pointer to the place. */
  readonly at: string;
}

/** What is wrong with `value`, which stands at the JSON pointer `at`. */
export function issuesOf(schema: z.ZodType, value: unknown, at: string): readonly Issue[] {
  const { error } = schema.safeParse(value, { reportInput: true });
  return (error?.issues ?? []).flatMap((issue) => {
    const { path } = issue;
    if ('input' in issue ? issue.input === undefined : issue.code === 'invalid_type') {
      const field = String(path.at(-1));
      return { message: `missing required field: ${field}`, at: [at, ...path.slice(0, -1)].join('/') };
    }
    return messagesOf(issue).map((message) => ({ message, at: [at, ...path].join('/') }));
  });
}

function messagesOf(issue: z.core.$ZodIssue): readonly string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [`must provide ${NAMES[issue.expected] ?? issue.expected}`];
    case 'too_small':
      if (issue.origin === 'array') return [`must have at least ${issue.minimum} items`];
      if (issue.origin === 'string') return [`must be more than ${Number(issue.minimum) - 1} characters`];
      return [`must be ${issue.minimum} or more`];
    case 'too_big': {
      const { length } = issue.input as { readonly length: number };
      if (issue.origin === 'array') return [`no more than ${issue.maximum} items allowed (has ${length})`];
      if (issue.origin === 'string')
        return [`must be less than ${Number(issue.maximum) + 1} characters (is ${length})`];
      return [`must be ${issue.maximum} or less`];
    }
    case 'invalid_format':
      return ['has an invalid format'];
    case 'invalid_value':
      return [`must be one of ${issue.values.join(', ')}`];
    case 'unrecognized_keys':
      return issue.keys.map((key) => `invalid additional property: ${key}`);
    case 'invalid_union':
      return [`unsupported type: ${String((issue.input as { readonly type?: unknown }).type)}`];
    default:
      return [issue.message];
  }
}

const NAMES: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'a boolean',
  int: 'an integer',
  number: 'an integer',
  object: 'an object',
  string: 'a string',
};

/** Slack's way to write an issue into `response_metadata.messages`. */
export function wording(issue: Issue): string {
  return `[ERROR] ${issue.message} [json-pointer:${issue.at}]`;
}

/** An object whose `type` is `type`, with these fields and no others. */
export function typed<const T extends string, const Fields extends z.ZodRawShape>(type: T, fields: Fields) {
  return z.strictObject({ type: z.literal(type), ...fields });
}

/** A string of 1 to `max` characters. */
export function filled(max: number): z.ZodString {
  return z.string().min(1).max(max);
}

/** An http or https address. */
export const url = z
  .string()
  .max(3000)
  .regex(/^https?:\/\/[^\s<>|]+$/);

export function integer(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}
