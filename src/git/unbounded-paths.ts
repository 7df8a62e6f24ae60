/** Recognises code that may read files of the repository whose paths its text does not tell. Pure. */

/** The functions of Terraform and OpenTofu that read a file or list a folder; the second argument is a pattern. */
const READS =
  /(?<![\w.-])(filebase64sha256|filebase64sha512|filebase64|filemd5|filesha1|filesha256|filesha512|fileexists|fileset|file|templatefile|read_terragrunt_config|read_tfvars_file|sops_decrypt_file)\s*\(/g;
/** What makes paths without their text: the parent of a folder, Terragrunt's folders, programs that run. */
const ANYWHERE =
  /(?<![\w.-])(dirname|get_repo_root|get_path_to_repo_root|get_parent_terragrunt_dir|get_original_terragrunt_dir|run_cmd)\s*\(|\bdata\s+"external"|\bprovisioner\s+"local-exec"/;
/** The same for `git grep -E` in a file that is no code: a template may call these functions too. */
export const TEMPLATE_READS =
  '[$%][{].*(file|filebase64|fileset|fileexists|filemd5|filesha1|filesha256|filesha512)[(]';
const MODULE = /\bmodule\s+"[^"]*"\s*\{/g;
const FOLDER = /^(\.\/)?\$\{path\.(module|root|cwd)\}/;
const BARE_FOLDER = /^path\.(module|root|cwd)\s*(?=[,)])/;
const PARENTS = /(?<![\w.-])find_in_parent_folders\s*\(/g;
/** What `find_in_parent_folders()` looks for: the first one in older versions of Terragrunt, then the second. */
const PARENT_FILES = ['terragrunt.hcl', 'root.hcl'];

/**
 * True if the code reads a path that is not written out, names a module's folder by an expression, or runs a program
 * that can read anything. Also true where this small reader can't tell.
 */
export function readsUnboundedPaths(text: string): boolean {
  const code = withoutComments(text);
  if (ANYWHERE.test(code)) return true;
  for (const match of code.matchAll(READS)) {
    const needed = match[1] === 'fileset' ? 2 : 1;
    if (!hasLiteralArguments(code.slice(match.index + match[0].length), needed)) return true;
  }
  for (const match of code.matchAll(MODULE)) {
    const block = code.slice(match.index + match[0].length);
    const end = block.search(/^\}/m);
    const source = /(?<![\w.-])source\s*=\s*/.exec(end === -1 ? block : block.slice(0, end));
    if (source === null) continue;
    const value = literalText(block.slice(source.index + source[0].length));
    if (value === null || /[$%]\{/.test(value.text)) return true;
  }
  // A path may be put together of pieces, so steps upwards must stand in one text with where they lead.
  return /"\.\."|"\.\.\/?"/.test(code);
}

/** What can make a path of a folder without a step upwards that the text shows. */
const FOLDER_NAMES = /(?<![\w.-])(abspath|pathexpand)\s*\(|(?<![\w.-])path\.(root|cwd)\b(?!\}\/)/;
/** An escaped character, such as a dot, which the reading of paths does not understand. */
const ESCAPED = /\\u[0-9a-fA-F]{4}/;

/**
 * True if code whose inputs are known may still look at places beside them, by a path that it makes of the name of its
 * folder, or with a spelling that this small reader does not understand.
 */
export function mayLookAround(text: string): boolean {
  const code = withoutComments(text);
  return FOLDER_NAMES.test(code) || ESCAPED.test(code);
}

/**
 * True if a module from elsewhere (a registry, another repository) may read files of the repository that calls it.
 * Steps upwards from the module's own folder stay in its package.
 */
export function readsCallersFiles(text: string): boolean {
  const code = withoutComments(text);
  if (readsUnboundedPaths(code) || /(?<![\w.-])path\.(root|cwd)\b/.test(code)) return true;
  const quoted = [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, text = '']) => text);
  const isSource = /(?<![\w.-])source\s*=\s*"((?:[^"\\\n]|\\.)*)"/g;
  const sources = new Set([...code.matchAll(isSource)].map(([, text = '']) => text));
  return quoted.some((text) => text.includes('..') && !OWN_PACKAGE.test(text) && !sources.has(text));
}

const OWN_PACKAGE = /^(\.\/)?\$\{path\.module\}/;

/** The names of files in parent folders that Terragrunt includes; null where a name is not written out. */
export function includedNames(text: string): readonly string[] | null {
  const names: string[] = [];
  const code = withoutComments(text);
  for (const match of code.matchAll(PARENTS)) {
    const rest = code.slice(match.index + match[0].length);
    if (/^\s*\)/.test(rest)) {
      names.push(...PARENT_FILES);
      continue;
    }
    const name = literalText(rest.trimStart());
    if (name === null || /[$%]\{/.test(name.text)) return null;
    names.push(name.text);
  }
  return names;
}

/** True if the code names files of a folder without telling which folder: `./x`, or a file that it reads. */
export function namesOwnFiles(text: string): boolean {
  const code = withoutComments(text);
  return /"\.\//.test(code) || code.search(READS) !== -1;
}

/** Without lines that are only a comment. A line in a text that runs over several lines may evaluate `${…}`. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|\/\/)/.test(line) || /[$%]\{/.test(line))
    .join('\n');
}

/** True if the first arguments of a call are written out; a path may begin with the folder of the code. */
function hasLiteralArguments(text: string, needed: number): boolean {
  let rest = text.trimStart();
  for (let n = 0; n < needed; n += 1) {
    const bare = BARE_FOLDER.exec(rest);
    const value = bare === null ? literalText(rest) : { text: '', length: bare[0].length };
    if (value === null || /[$%]\{/.test(value.text.replace(FOLDER, ''))) return false;
    rest = rest.slice(value.length).trimStart();
    if (!/^[,)]/.test(rest)) return false;
    if (rest.startsWith(')')) return n + 1 >= needed;
    rest = rest.slice(1).trimStart();
  }
  return true;
}

/** The text in quotes at the start, with its length; null where there is none. */
function literalText(text: string): { readonly text: string; readonly length: number } | null {
  if (!text.startsWith('"')) return null;
  // Quotes inside of `${…}` would end this text early; what follows is then no `,` or `)`, so it counts as unknown.
  const match = /^"((?:[^"\\\n]|\\.)*)"/.exec(text);
  return match === null ? null : { text: match[1] ?? '', length: match[0].length };
}
