// What tests ask of the page's script.
export { boundOf } from "../../web/ts/file/bound.ts";
export { digests } from "../../web/ts/file/digests.ts";
