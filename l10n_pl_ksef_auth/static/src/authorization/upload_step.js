import { Component, useExternalListener, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { KsefProblem } from "../connection/problem";
import { contentOf, MAX_FILE_BYTES } from "./signed_file";

/** Step 3: the signed file, and what was read from it. */
export class UploadStep extends Component {
    static template = "l10n_pl_ksef_auth.UploadStep";
    static components = { KsefProblem };
    static props = {
        view: Object,
        isReading: Boolean,
        toWays: Function,
        onAttach: Function,
        onDetach: Function,
        onNewFile: Function,
        onOtherCompany: Function,
    };

    setup() {
        this.input = useRef("input");
        this.state = useState({ isDragging: false, localProblem: null });
        // A file dropped beside the box would otherwise replace Odoo in this tab.
        useExternalListener(window, "dragover", (ev) => this.onDragOver(ev));
        useExternalListener(window, "drop", (ev) => this.onDrop(ev));
    }

    get document() {
        const { document } = this.props.view;
        return document && { name: document.name, size: `${Math.ceil(document.size / 1024)} kB` };
    }

    get reading() {
        return this.props.view.reading;
    }

    get signer() {
        return this.reading && this.reading.signer;
    }

    get findings() {
        return this.reading ? this.reading.findings : [];
    }

    /** The gravest of what keeps the file from being sent. */
    get stop() {
        return this.findings.find(({ level }) => level === "stop");
    }

    /** Who signed a file that cannot be sent, in one line. */
    get signature() {
        const { kind_label: kind, name, masked, signed_at_label: signedAt } = this.signer;
        return _t("Signature: %(signature)s.", {
            signature: [name, masked, kind, signedAt].filter(Boolean).join(", "),
        });
    }

    /** Where to go on, if this file cannot be sent. */
    get waysOn() {
        const stops = this.findings.filter(({ level }) => level === "stop");
        const { switch_to: company } = this.stop || {};
        const ways = this.props.toWays(stops.find((one) => one.other_ways?.length)?.other_ways || []);
        if (company) {
            const label = _t("Go on with %(company)s", { company: company.name });
            ways.unshift({ label, isMain: true, run: () => this.props.onOtherCompany(company.id) });
        }
        if (this.stop?.needs_download) {
            const label = _t("Download a new file");
            ways.unshift({ label, isMain: true, run: () => this.props.onNewFile() });
        }
        return ways;
    }

    /** Everything fits: nothing stops the file and nothing has to be weighed. */
    get fits() {
        return this.reading.can_send && this.findings.every((finding) => finding.level === "info");
    }

    onDragOver(ev) {
        ev.preventDefault();
        this.state.isDragging = true;
    }

    onDrop(ev) {
        ev.preventDefault();
        this.state.isDragging = false;
        return this.attach(ev.dataTransfer.files[0]);
    }

    async onChange(ev) {
        const [file] = ev.target.files;
        await this.attach(file);
        // The same name may be chosen again after another download.
        if (this.input.el) {
            this.input.el.value = null;
        }
    }

    async attach(file) {
        if (!file) {
            return;
        }
        this.state.localProblem = null;
        if (file.size > MAX_FILE_BYTES) {
            return this.refuse(
                _t("This file is too large to be a signed request."),
                _t("Choose the signed file AuthTokenRequest; it has a few kilobytes.")
            );
        }
        const content = await this.read(file);
        if (content !== null) {
            await this.props.onAttach(file.name, content);
        }
    }

    /** A file that cannot be sent to Odoo replaces the former one as any other does. */
    async refuse(text, action) {
        await this.props.onDetach();
        this.state.localProblem = { text, action };
    }

    /** The file's bytes as base64; null when the browser cannot read it. */
    async read(file) {
        try {
            return await contentOf(file);
        } catch {
            await this.refuse(
                _t("Your browser could not read this file."),
                _t("Check that it is still there and not a folder, and choose it again.")
            );
            return null;
        }
    }
}
