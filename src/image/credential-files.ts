import { credentialFileOf, isCredentialFile } from "../rules/knowledge/credential-files.ts";

/** Longer files are no credentials. */
export const LARGEST_CREDENTIAL = 64 * 1024;

/** Whether a file's name makes it worth a look at its contents. */
export const mayBeCredential = (path: string): boolean => credentialFileOf(path) !== undefined && !FOREIGN.test(path);

/** `an SSH key`; undefined when the contents hold no key, token or password. */
export const credentialIn = (path: string, bytes: Uint8Array): string | undefined => {
  const text = decoder.decode(bytes);
  if (text.trim() === "" || !isCredentialFile({ read: () => text }, path)) return undefined;
  return credentialFileOf(path)?.what;
};

/** Samples and fixtures that packages bring, certificates of authorities, and the sources of languages. */
const FOREIGN =
  /(?:^|\/)(?:site-packages|dist-packages|node_modules|pkg\/mod|gems|testdata|tests?|fixtures|examples?|samples?)\/|^usr\/(?:local\/)?(?:share|src|include)\/|^usr\/lib\/(?:python|ruby|go|node)|^etc\/ssl\/certs\//;

const decoder = new TextDecoder();
