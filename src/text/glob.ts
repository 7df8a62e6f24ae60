/** Globs over names. */

/** True if the glob covers the whole name: `*` is any characters, `?` is one. Takes time linear in glob and name. */
export function globCovers(glob: string, name: string): boolean {
  let [globIndex, nameIndex, star, resume] = [0, 0, -1, 0];
  while (nameIndex < name.length) {
    const character = glob.charAt(globIndex);
    if (globIndex < glob.length && character === '*') {
      star = globIndex;
      resume = nameIndex;
      globIndex += 1;
    } else if (globIndex < glob.length && (character === '?' || character === name.charAt(nameIndex))) {
      globIndex += 1;
      nameIndex += 1;
    } else if (star >= 0) {
      globIndex = star + 1;
      resume += 1;
      nameIndex = resume;
    } else {
      return false;
    }
  }
  while (glob.charAt(globIndex) === '*') globIndex += 1;
  return globIndex === glob.length;
}
