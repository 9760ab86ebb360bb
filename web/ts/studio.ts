/** The studio's pages: sending a folder of drawings with its list. */
import { act, next } from "./page/asking.ts";

for (const form of document.querySelectorAll<HTMLFormElement>("[data-upload]")) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const button = form.querySelector("button");
        if (button) void act(form, button, () => uploaded(form));
    });
    form.dataset.ready = "";
}

/** With a bar: a season's drawings take minutes. */
function uploaded(form: HTMLFormElement): Promise<string> {
    const bar = form.querySelector("progress");
    const data = new FormData();
    for (const field of form.elements) {
        if (field instanceof HTMLInputElement && field.type === "file") {
            for (const file of field.files ?? [])
                data.append(field.name, file, file.webkitRelativePath || file.name);
        } else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
            data.append(field.name, field.value);
        }
    }
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.upload.addEventListener("progress", (told) => {
            if (!bar) return;
            bar.hidden = false;
            bar.max = told.total;
            bar.value = told.loaded;
        });
        request.addEventListener("error", () => reject(new TypeError("the line is lost")));
        request.addEventListener("load", () => {
            if (bar) bar.hidden = true;
            try {
                resolve(next(request.status < 400, request.responseText));
            } catch (error) {
                reject(error as Error);
            }
        });
        request.open("POST", form.dataset.upload ?? "");
        request.send(data);
    });
}
