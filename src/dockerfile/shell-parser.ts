/** The only importer of the shell parser, so that another one could take its place. */

export type * as Shell from "unbash";
export { forEachChild, parse } from "unbash";
