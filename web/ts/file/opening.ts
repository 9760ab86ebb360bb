/** Files that somebody chose as a receipt or a list: read, and decrypted where they are encrypted with age. */

const AGE = "age-encryption.org/v1\n";
const ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----";
const MOST = 1 << 28;

/** It cannot be decrypted so. */
export class Closed extends Error {}

/** Whether a file is encrypted. */
export async function isEncrypted(file: Blob): Promise<boolean> {
    const begin = await file.slice(0, ARMOR.length).text();
    return begin.startsWith(AGE) || begin.startsWith(ARMOR);
}

/** The text of a file.
 *
 * @param secret a passphrase, or an age identity; nothing for a file in clear.
 * @throws Closed the secret is another one, or the file is damaged.
 */
export async function textOf(file: Blob, secret?: string): Promise<string> {
    if (file.size > MOST) throw new SyntaxError("larger than any that is meant");
    const data = new Uint8Array(await file.arrayBuffer());
    return new TextDecoder("utf-8", { fatal: true }).decode(
        secret === undefined ? data : await opened(data, secret),
    );
}

async function opened(data: Uint8Array, secret: string): Promise<Uint8Array> {
    const { Decrypter, armor } = await import("./age.ts"); // only who has such a file loads it
    try {
        const decrypter = new Decrypter();
        const [identity] = /AGE-SECRET-KEY-1[0-9A-Z]+/i.exec(secret) ?? []; // of a file, beside comments
        if (identity) decrypter.addIdentity(identity.toUpperCase());
        else decrypter.addPassphrase(secret.normalize("NFC")); // as Kiseki writes it (kiseki.disk.passwords)
        const isText = new TextDecoder().decode(data.subarray(0, ARMOR.length)) === ARMOR;
        return await decrypter.decrypt(
            isText ? armor.decode(new TextDecoder().decode(data)) : data,
        );
    } catch (error) {
        throw new Closed(String(error));
    }
}
