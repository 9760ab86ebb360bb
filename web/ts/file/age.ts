/** Decrypting, in a file of its own: only who has an encrypted receipt loads it. */
export { Decrypter, armor } from "age-encryption";
