import { markup } from "@odoo/owl";
import { htmlReplaceAll } from "@web/core/utils/html";

const NIP = /(?:NIP )?\d{3}-\d{3}-\d{2}-\d{2}/g;

/** Keeps each NIP of a sentence on one line; what is copied from there stays as it is. */
export function withWholeNumbers(text) {
    return htmlReplaceAll(text, NIP, (nip) => markup`<span class="text-nowrap">${nip}</span>`);
}
