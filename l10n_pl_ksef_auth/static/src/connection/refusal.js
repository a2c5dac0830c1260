import { Component } from "@odoo/owl";

/** In place of a page that this user may not see: the server's sentence, with whom to ask. */
export class KsefRefusal extends Component {
    static template = "l10n_pl_ksef_auth.Refusal";
    static props = { text: String };
}

/**
 * Waits for a call to the server.
 *
 * @param {Promise} call
 * @returns {Promise<string>} why the user may not make it; empty if it was made
 */
export async function refusalOf(call) {
    try {
        await call;
    } catch (error) {
        if (error.exceptionName === "odoo.exceptions.AccessError") {
            return error.data.message;
        }
        throw error;
    }
    return "";
}
