import { Component, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { KsefProblem } from "../connection/problem";

/** A certificate or a key has a few kB; what is larger than this is not read at all. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * What somebody has chosen of a KSeF certificate: files, and the password of
 * the key. The server finds the pair among them that fits; made reactive by
 * whoever shows it.
 */
export class ChosenCertificate {
    /** @param send takes the files (base64) and the password, and returns the server's answer */
    constructor(send) {
        this.send = send;
        this.isLoading = false;
        this.clear();
    }

    clear() {
        this.files = [];
        this.password = "";
        this.problem = null;
    }

    get isReady() {
        return this.files.length > 0 && !this.isLoading;
    }

    /** Certificate and key may be chosen one after the other; the same name replaces its file. */
    add(files) {
        const names = files.map((file) => file.name);
        this.files = [...this.files.filter((file) => !names.includes(file.name)), ...files];
        this.problem = null;
    }

    remove(index) {
        this.files.splice(index, 1);
    }

    /** Returns whether the server took the certificate; it says in `problem` why it did not. */
    async load() {
        this.isLoading = true;
        try {
            const contents = await this.read();
            const answer = contents && (await this.send(contents, this.password));
            this.problem = contents ? answer.problem : this.problem;
            return Boolean(answer) && !answer.problem && !answer.confirm;
        } finally {
            this.isLoading = false;
        }
    }

    /** The files as base64; null when one cannot be a certificate or key, or not be read. */
    async read() {
        if (this.files.some((file) => file.size > MAX_FILE_BYTES)) {
            this.problem = {
                text: _t("A file is too large to be a certificate or a key."),
                action: _t("Choose the files that you got with the certificate."),
            };
            return null;
        }
        try {
            const data = await Promise.all(this.files.map(getDataURLFromFile));
            return data.map((one) => one.slice(one.indexOf(",") + 1));
        } catch {
            this.problem = {
                text: _t("Your browser could not read this file."),
                action: _t("Check that it is still there and not a folder, and choose it again."),
            };
            return null;
        }
    }
}

/** Asks for the files of a KSeF certificate and the password of its key. */
export class CertificateFiles extends Component {
    static template = "l10n_pl_ksef_auth.CertificateFiles";
    static components = { KsefProblem };
    static props = { chosen: ChosenCertificate };

    setup() {
        this.input = useRef("input");
    }

    onChange(ev) {
        this.props.chosen.add([...ev.target.files]);
        ev.target.value = null;
    }
}
