import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceBlocks } from '../../../src/terraform/hcl-blocks.ts';

const block = (body: string): string => `resource "aws_x" "a" {\n${body}\n}\n`;
const lifecycle = (ignore: string): string => block(`  lifecycle {\n    ignore_changes = ${ignore}\n  }`);

/** What the only block of a file ignores. */
function ignores(text: string, name = 'main.tf'): unknown {
  const blocks = resourceBlocks(name, text);
  expect(blocks).toHaveLength(1);
  expect(blocks?.[0]).toMatchObject({ type: 'aws_x', name: 'a' });
  return blocks?.[0]?.ignoreChanges;
}

describe('ignore_changes of a block', () => {
  it.each<[string, string, unknown]>([
    ['without a lifecycle', block('  size = 5'), []],
    ['with a lifecycle that ignores nothing', block('  lifecycle {\n prevent_destroy = true\n }'), []],
    ['with none', lifecycle('[]'), []],
    ['on one line', 'resource "aws_x" "a" { lifecycle { ignore_changes = [tags] } }', undefined],
    ['with one', lifecycle('[size]'), ['size']],
    ['with several and a trailing comma', lifecycle('[\n size,\n tags,\n]'), ['size', 'tags']],
    ['with comments', lifecycle('[ # one\n size, // two ]\n /* ] three\n, */ tags /**/ ]'), ['size', 'tags']],
    ['with keys', lifecycle('[tags["Owner"], tags["a.b/c"]]'), ['tags["Owner"]', 'tags["a.b/c"]']],
    ['with blocks', lifecycle('[scaling_config[0].desired_size]'), ['scaling_config[0].desired_size']],
    ['with blanks inside of an entry', lifecycle('[tags [ "Owner" ] . x]'), ['tags["Owner"].x']],
    ['quoted as of old', lifecycle('["size", "tags"]'), ['size', 'tags']],
    ['that ignores everything', lifecycle('all'), 'all'],
    ['with the wildcard of old', lifecycle('["*"]'), null],
    ['with an expression', lifecycle('concat([size], [tags])'), null],
    ['with a template in a key', lifecycle('[tags["x-$' + '{var.a}"]]'), null],
    ['with two lifecycles', block('lifecycle {\n}\nlifecycle {\n}'), null],
    [
      'below comments with braces and quotes',
      `# { "\n// {\n/* { " \n } */\n${lifecycle('[size]')}`,
      ['size'],
    ],
    [
      'behind strings with braces',
      block('  a = "{"\n  b = "\\"{"\n  c = "$${"\n  lifecycle {\n ignore_changes = [size]\n }'),
      ['size'],
    ],
    [
      'behind templates with strings and braces',
      block('  a = "x$' + '{jsonencode({ a = "}" })}"\n  lifecycle {\n ignore_changes = [size]\n }'),
      ['size'],
    ],
    [
      'behind a heredoc',
      block(
        '  a = <<EOT\n  lifecycle {\n ignore_changes = [no]\n  "\nEOTX\nEOT\n  lifecycle {\n ignore_changes = [size]\n }',
      ),
      ['size'],
    ],
    [
      'behind an indented heredoc with a template over lines',
      block(
        '  a = <<-EOT\n    %{ for x in [1] }$' +
          '{jsonencode({\n  EOT = "}"\n  })}\n    %{ endfor }\n    EOT\n  lifecycle {\n ignore_changes = [size]\n }',
      ),
      ['size'],
    ],
    [
      'with a heredoc inside of a call',
      block('  a = trim(<<EOT\n } \nEOT\n  , "x")\n  count = 2\n  lifecycle {\n ignore_changes = [size]\n }'),
      ['size'],
    ],
    [
      'beside dynamic blocks, count and provisioners',
      block(
        '  for_each = { for k, v in var.m : k => v if v != "}" }\n  dynamic "ingress" {\n    for_each = var.x\n    content {\n      lifecycle = 1\n    }\n  }\n  provisioner "local-exec" {\n    command = "echo }"\n  }\n  lifecycle {\n ignore_changes = [size]\n }',
      ),
      ['size'],
    ],
    ['with line ends of Windows', lifecycle('[\nsize,\n]').replaceAll('\n', '\r\n'), ['size']],
    ['with a byte order mark', `\uFEFF${lifecycle('[size]')}`, ['size']],
    ['with names without quotes', 'resource aws_x a {\n}\n', []],
  ])('%s', (_, text, expected) => {
    expect(ignores(text)).toEqual(expected === undefined ? ['tags'] : expected);
  });

  it.each<[string, unknown, unknown]>([
    ['without a lifecycle', { size: 5 }, []],
    ['with entries', { lifecycle: { ignore_changes: ['size', 'tags["a"]'] } }, ['size', 'tags["a"]']],
    ['with a list of lifecycles', { lifecycle: [{ ignore_changes: ['size'] }] }, ['size']],
    ['as a list', [{ lifecycle: { ignore_changes: ['size'] } }], ['size']],
    ['that ignores everything', { lifecycle: { ignore_changes: 'all' } }, 'all'],
    ['with a single text', { lifecycle: { ignore_changes: 'size' } }, null],
    ['with a template', { lifecycle: { ignore_changes: ['tags["$' + '{var.a}"]'] } }, null],
    ['with two lifecycles', { lifecycle: [{}, {}] }, null],
  ])('in JSON: %s', (_, body, expected) => {
    const file = { '//': 'a comment', resource: { aws_x: { a: body } }, variable: { size: {} } };
    expect(ignores(JSON.stringify(file), 'main.tf.json')).toEqual(expected);
    expect(ignores(JSON.stringify([{ locals: {} }, { resource: [file.resource] }]), 'a.tofu.json')).toEqual(
      expected,
    );
  });

  it('finds all resources of a file, and nothing else', () => {
    const text = `data "aws_x" "d" {\n}\nresource "aws_x" "a" {\n}\nlocals {\n  resource = { aws_y = "b" }\n}\nmodule "m" {\n  source = "./m"\n}\nresource "aws_y" "b" {\n}\n`;
    expect(resourceBlocks('main.tf', text)?.map(({ type, name }) => `${type}.${name}`)).toEqual([
      'aws_x.a',
      'aws_y.b',
    ]);
  });
});

describe('a file that is not understood gives nothing', () => {
  it.each<[string, string, string?]>([
    ['an open block', 'resource "aws_x" "a" {\n'],
    ['a closed one too many', 'resource "aws_x" "a" {\n}\n}\n'],
    ['brackets that cross', block('  a = [(1])')],
    ['an open string', block('  a = "x')],
    ['an open template', block('  a = "$' + '{x"')],
    ['an open comment', '/* resource "aws_x" "a" {\n}\n'],
    ['an open heredoc', block('  a = <<EOT\n x')],
    ['an attribute twice', block('  a = 1\n  a = 2')],
    ['an attribute without a value', block('  a =')],
    ['a resource with one label', 'resource "aws_x" {\n}\n'],
    ['a label that is computed', 'resource "aws_x" "$' + '{var.a}" {\n}\n'],
    ['text that is no block', '}{ resource'],
    ['JSON that is none', '{"resource": ', 'main.tf.json'],
    ['JSON of another shape', '{"resource": {"aws_x": {"a": 1}}}', 'main.tf.json'],
    ['native syntax in a JSON file', block(''), 'main.tf.json'],
  ])('%s', (_, text, name = 'main.tf') => {
    expect(resourceBlocks(name, text)).toBe(null);
  });

  it('any text, without an error and without an end that never comes', () => {
    const piece = fc.constantFrom(
      ...['resource', ' "aws_x"', ' "a"', ' {', '}', '\n', '=', '[', ']', '(', ')', '"', '\\', '$' + '{'],
      ...['<<EOT\n', 'EOT\n', '#', '/*', '*/', '//', 'lifecycle', 'ignore_changes', ',', 'size', '%{', ' '],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const blocks = resourceBlocks('main.tf', pieces.join(''));
        for (const { ignoreChanges } of blocks ?? [])
          expect(ignoreChanges === null || ignoreChanges === 'all' || Array.isArray(ignoreChanges)).toBe(
            true,
          );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the line of a block', () => {
  it.each<[string, string, number]>([
    ['at the start', 'resource "aws_x" "a" {\n}\n', 1],
    [
      'below comments and other blocks',
      '# a\n/* b\n c */\nvariable "v" {\n}\n\nresource "aws_x" "a" {\n}\n',
      7,
    ],
    ['below a heredoc', 'locals {\n  a = <<EOT\nx\ny\nEOT\n}\nresource "aws_x" "a" {\n}\n', 7],
    ['in a file with line ends of Windows', '# a\r\n\r\nresource "aws_x" "a" {\r\n}\r\n', 3],
  ])('%s', (_, text, line) => {
    expect(resourceBlocks('main.tf', text)?.find(({ type }) => type === 'aws_x')?.line).toBe(line);
  });

  it('is not known in JSON', () => {
    const text = JSON.stringify({ resource: { aws_x: { a: {} } } });
    expect(resourceBlocks('main.tf.json', text)).toMatchObject([{ line: null }]);
  });
});
