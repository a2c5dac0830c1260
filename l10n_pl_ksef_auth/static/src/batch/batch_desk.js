import { Component, useExternalListener, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConsentQuestion } from "../authorization/consent_question";
import { confirmationForEach } from "../authorization/consent_words";
import { Countdown } from "../authorization/countdown";
import { contentOf, MAX_FILE_BYTES } from "../authorization/signed_file";

/** Signing at the desk: files for some companies in one download, all signed ones dropped at once. */
export class BatchDesk extends Component {
    static template = "l10n_pl_ksef_auth.BatchDesk";
    static components = { ConsentQuestion, Countdown };
    static props = {
        view: Object,
        rpc: Function,
        receive: Function,
        refresh: Function,
        forEach: Function,
        isRunning: Boolean,
    };

    setup() {
        this.input = useRef("input");
        this.state = useState({ answer: false, answeredTo: "", isBusy: false, unread: [], round: 0 });
        useExternalListener(window, "dragover", (ev) => ev.preventDefault());
        // A file dropped beside the box would otherwise replace Odoo in this tab.
        useExternalListener(window, "drop", (ev) => this.onDrop(ev));
    }

    get isBusy() {
        return this.state.isBusy || this.props.isRunning;
    }

    get ready() {
        return this.props.view.lines.filter((line) => line.can_send && line.state === "todo");
    }

    get isOver() {
        return this.props.view.lines.every(({ state }) => state === "done");
    }

    get sendLabel() {
        return _t("Authenticate all (%(count)s)", { count: this.ready.length });
    }

    get confirmation() {
        return confirmationForEach(this.ready);
    }

    /** Another file may have another signer: other words have to be answered again. */
    get answer() {
        return this.state.answeredTo === this.confirmation && this.state.answer;
    }

    onAnswer(answer) {
        Object.assign(this.state, { answer, answeredTo: this.confirmation });
    }

    /** Of the files that still have to be signed or sent, the one that ends first. */
    get shortest() {
        const open = this.props.view.lines.filter(
            ({ state, seconds_left: left }) => state === "todo" && left > 0
        );
        return open.length ? Math.min(...open.map(({ seconds_left: left }) => left)) : 0;
    }

    get asideTexts() {
        return [...this.props.view.strays, ...this.state.unread];
    }

    /** The bytes come from the address in the answer, as the window's own file does. */
    async onDownload() {
        this.state.isBusy = true;
        try {
            const { download_url: url } = await this.props.rpc("prepare_files");
            if (url) {
                this.save(url);
            }
        } finally {
            await this.lookAnew();
        }
    }

    async lookAnew() {
        try {
            await this.props.refresh();
            this.state.round++;
        } finally {
            this.state.isBusy = false;
        }
    }

    save(url) {
        const link = document.createElement("a");
        link.href = url;
        link.download = "";
        link.click();
    }

    onSite() {
        browser.open(this.props.view.signing_url, "_blank", "noopener");
    }

    onDrop(ev) {
        ev.preventDefault();
        return this.attachAll(ev.dataTransfer.files);
    }

    async onChange(ev) {
        await this.attachAll(ev.target.files);
        if (this.input.el) {
            this.input.el.value = null;
        }
    }

    async attachAll(files) {
        this.state.isBusy = true;
        this.state.unread = [];
        try {
            for (const file of [...files]) {
                await this.attach(file);
            }
        } finally {
            await this.lookAnew();
        }
    }

    async attach(file) {
        const content = file.size <= MAX_FILE_BYTES && (await contentOf(file).catch(() => false));
        if (!content) {
            const text = _t("It is too large, or your browser could not read it.");
            this.state.unread.push({ name: file.name, text });
            return;
        }
        const { line } = await this.props.rpc("attach", file.name, content);
        if (line) {
            this.props.receive(line);
        }
    }

    onSend() {
        const { answer } = this;
        return this.props.forEach(this.ready, ({ id, offline }) =>
            this.props.rpc("answer", id, answer === "once" && offline ? "both" : answer)
        );
    }
}
