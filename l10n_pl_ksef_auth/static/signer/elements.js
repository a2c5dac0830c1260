/**
 * What the page for a signer needs of any page: elements, and files on the way in and out.
 */
"use strict";

const NIP = /((?:NIP )?\d{3}-\d{3}-\d{2}-\d{2})/;

/** Splits a text so that each NIP stays on one line; what is copied from there stays as it is. */
function withWholeNumbers(text) {
    const whole = (textContent) =>
        Object.assign(document.createElement("span"), { className: "number", textContent });
    return text.split(NIP).map((part, index) => (index % 2 ? whole(part) : part));
}

/** Makes an element; texts become text nodes, so nothing that was sent is ever markup. */
function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (value === true) {
            element.setAttribute(name, "");
        } else if (value !== false && value !== undefined) {
            element.setAttribute(name, value);
        }
    }
    const shown = children.filter((child) => child || child === 0);
    element.append(
        ...shown.flatMap((child) => (typeof child === "string" ? withWholeNumbers(child) : child))
    );
    return element;
}

/** Makes a box with lines of text; a kind of it is read out at once. */
function note(kind, ...lines) {
    const role = kind === "stop" ? "alert" : "status";
    const parts = lines.filter(Boolean).map((line) => make("p", {}, line));
    return make("div", { class: `note ${kind}`, role }, ...parts);
}

/** Makes the box that says what keeps somebody from going on, and where there is help. */
function hindrance({ text: said, action, links = [] }) {
    const box = note("stop", said, action);
    const pages = links.map(({ label, url }) =>
        make("p", {}, make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label))
    );
    box.append(...pages);
    return box;
}

/** Has the browser save a file that is given in base64. */
function save(base64, name) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const link = make("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** Bytes of a file that the server looks at, and one more: then it says that the file is too long. */
const MOST_BYTES = 2 * 1024 * 1024 + 1;

/** Returns a file in base64; what cannot be read, as a folder, is as an empty file. */
function base64Of(file) {
    return new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
        reader.onerror = () => resolve("");
        reader.readAsDataURL(file.slice(0, MOST_BYTES));
    });
}
