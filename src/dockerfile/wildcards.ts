/** A text as a glob: `*` is any text, `/` included, `?` any one character. */
export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pattern);

/** Whether the pattern covers the whole text; the time is at most proportional to both lengths. */
export const matchesWildcards = (pattern: string, text: string): boolean => {
  if (!hasWildcard(pattern)) return pattern === text;
  // Of several `*` only the last one has to be tried again: what stands before it has been found.
  let [at, star, tried] = [0, -1, 0];
  for (let place = 0; place < text.length; ) {
    if (pattern[at] === "*") {
      star = at;
      tried = place;
      at += 1;
    } else if (pattern[at] === "?") {
      at += 1;
      place += (text.codePointAt(place) as number) > 0xffff ? 2 : 1;
    } else if (pattern[at] === text[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      tried += 1;
      place = tried;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
};
