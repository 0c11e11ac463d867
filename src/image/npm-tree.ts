import { asObject, at } from "./json-reading.ts";

/** npm's own list of what it installed, written beside it since npm 7. */
export const isInstalledList = (path: string): boolean => INSTALLED_LIST.test(path);

const INSTALLED_LIST = /(?:^|\/)node_modules\/\.package-lock\.json$/;

/** Longer lists are left unread. */
export const LARGEST_LIST = 8 << 20;

/** The folders of packages that are only there for development, given the list's path and text. */
export const developmentFolders = (path: string, bytes: Uint8Array): readonly string[] => {
  const project = path.replace(INSTALLED_LIST, "");
  return Object.entries(asObject(at(parse(bytes), "packages"))).flatMap(([folder, entry]) =>
    at(entry, "dev") === true ? [project === "" ? folder : `${project}/${folder}`] : [],
  );
};

/** `app/node_modules/@a/b/node_modules/c/index.js` → `app/node_modules/@a/b/node_modules/c` */
export const packageFolder = (path: string): string | undefined =>
  path.includes("node_modules/") ? /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] : undefined;

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};
