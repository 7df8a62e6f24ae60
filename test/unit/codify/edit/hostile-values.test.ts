/** Whoever can change the cloud must not be able to write code: m0 plans what it has edited. */
import { expect, test } from 'vitest';
import { editSample, type Sample } from '../../../support/edit-samples/sample.ts';

/** A line of `value` is the marker, in each way in which a heredoc may end. */
const BREAKING_OUT = [
  '#!/bin/sh\nEOT\n}\ndata "external" "x" {\n  program = ["sh"]\n}\n',
  '#!/bin/sh\n  EOT  \nlocals {}\n',
  'EOT\n',
  'x\nEOT\n}\nlocals {\n  a = <<-EOT\n    y\n',
  'x\r\nEOT\r\n}\r\n',
];

test.each(BREAKING_OUT.flatMap((value) => ['<<', '<<-'].map((start) => [start, value] as const)))(
  'a value does not end the heredoc (%s) that it stands in: %j',
  async (start, value) => {
    const before = `resource "terraform_data" "v" {\n  input = ${start}EOT\n#!/bin/sh\nEOT\n}\n`;
    const sample: Sample = {
      name: 'a hostile value',
      files: { 'v.tf': before },
      address: 'terraform_data.v',
      desired: { input: '#!/bin/sh\n' },
      actual: { input: value },
    };
    const answer = await editSample(sample);
    expect(answer.type).toBe('edited');
    const text = answer.type === 'edited' ? (answer.files.get('v.tf') ?? '') : '';
    // One string on the line of the attribute, as JSON would write it.
    expect(text).toBe(`resource "terraform_data" "v" {\n  input = ${JSON.stringify(value)}\n}\n`);
  },
);

test('a template in a value is text in every notation', async () => {
  const value = '${file("/etc/passwd")} %{ for x in [1] }${x}%{ endfor }';
  for (const [from, to] of [
    ['"a"', JSON.stringify(value).replace(/([$%])\{/g, '$1$1{')],
    ['<<EOT\n{"a": "a"}\nEOT', null],
  ] as const) {
    const json = to === null;
    const answer = await editSample({
      name: 'a template',
      files: { 'v.tf': `resource "terraform_data" "v" {\n  input = ${from}\n}\n` },
      address: 'terraform_data.v',
      desired: { input: json ? '{"a": "a"}\n' : 'a' },
      actual: { input: json ? `${JSON.stringify({ a: value })}\n` : value },
    });
    expect(answer.type).toBe('edited');
    const text = answer.type === 'edited' ? (answer.files.get('v.tf') ?? '') : '';
    expect(text).not.toMatch(/(?<![$%])[$%]\{/);
    if (!json) expect(text).toContain(to);
  }
});
