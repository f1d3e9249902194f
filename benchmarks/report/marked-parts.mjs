/** Text between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` in a page, which nobody writes by hand. */

const MARKED = /<!-- bench:([\w-]+) -->[\s\S]*?<!-- \/bench:\1 -->/g;

/** The page with each marked part made anew by `parts[NAME]()`, which returns Markdown. */
export function withMarkedParts(page, parts) {
  return page.replace(MARKED, (_, name) => {
    if (!Object.hasOwn(parts, name))
      throw new Error(`there is no part ${name}: ${Object.keys(parts).join(', ')}`);
    return `<!-- bench:${name} -->\n${parts[name]()}\n<!-- /bench:${name} -->`;
  });
}
