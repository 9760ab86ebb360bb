/** Shows a picture small, so that who chose it sees which one it was. What is no picture, or none that the browser knows, is not
 * shown. */
export async function picture(file: Blob, canvas: HTMLCanvasElement): Promise<void> {
    canvas.hidden = true;
    if (!file.type.startsWith("image/") || file.size > LARGEST) return;
    try {
        const drawn = await createImageBitmap(file);
        const scale = Math.min(SIDE / drawn.width, SIDE / drawn.height, 1);
        canvas.width = Math.max(1, Math.round(drawn.width * scale));
        canvas.height = Math.max(1, Math.round(drawn.height * scale));
        canvas.getContext("2d")?.drawImage(drawn, 0, 0, canvas.width, canvas.height);
        drawn.close();
        canvas.hidden = false;
    } catch {
        // It is asked about all the same.
    }
}

const LARGEST = 1 << 26;
const SIDE = 160;
