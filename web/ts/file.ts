import { bytesToHex } from "@noble/hashes/utils.js";
import { digest } from "./file/digest.ts";

const chosen = document.querySelector<HTMLInputElement>("#file");
const told = document.querySelector<HTMLOutputElement>("#digest");

chosen?.addEventListener("change", async () => {
    const file = chosen.files?.[0];
    if (file && told) told.value = `0x${bytesToHex(await digest(file))}`;
});
