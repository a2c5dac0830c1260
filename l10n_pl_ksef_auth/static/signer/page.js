/**
 * The page for a signer without an account. The token stands in the fragment of the address, which
 * no browser sends; it leaves this page in the body of a POST alone. Nothing is asked of the server
 * before a person has pressed a button.
 */
"use strict";

(() => {
    const TEXTS = JSON.parse(document.getElementById("texts").textContent);
    /** Milliseconds between two questions whether KSeF has decided. */
    const FOLLOW_MS = 3000;
    const token = location.hash.slice(1);
    const state = {
        lang: "pl",
        requests: null,
        responsible: null,
        signingUrl: "",
        chosen: null,
        /** Signed files by the id of their request: bytes, and what the server says of them. */
        files: {},
        /** Chosen files that nobody has looked at yet, each with the request of its page. */
        unread: [],
        /** What is said of files that took no company's place. */
        asides: [],
        answers: {},
        agreed: {},
        /** By the id of a request, when its file runs out, by this browser's clock. */
        ends: {},
        problem: null,
        isBusy: false,
        /** Whose result is asked for next, of those that KSeF checks. */
        turn: 0,
    };

    function text(name, values = {}) {
        return TEXTS[state.lang][name].replace(/%\((\w+)\)s/g, (_all, key) => values[key] ?? "");
    }

    async function post(action, values = {}) {
        let response;
        try {
            response = await fetch(`/ksef/podpis/${action}`, {
                method: "POST",
                credentials: "omit",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ token, lang: state.lang, ...values }),
            });
        } catch {
            return { error: "offline" };
        }
        try {
            return await response.json();
        } catch {
            return { error: "offline" };
        }
    }

    /**
     * Does one thing at a time, and draws the page before and after it. Files that are dropped
     * meanwhile come next.
     */
    async function run(work) {
        if (state.isBusy) {
            return;
        }
        state.isBusy = true;
        state.problem = null;
        draw();
        try {
            await work();
            await lookAtFiles();
        } finally {
            state.isBusy = false;
            draw();
        }
    }

    /** Takes what the server answered; returns false for an error, which is shown. */
    function take(answer) {
        if (answer.error) {
            const name = TEXTS.pl[answer.error] ? answer.error : "gone";
            state.problem = { text: text(name), action: text(`${name}_action`) };
            return false;
        }
        if (answer.request) {
            takeRequest(answer.request);
        }
        if (answer.problem) {
            state.problem = answer.problem;
        }
        return true;
    }

    function takeRequest(request) {
        state.requests = state.requests.map((one) => (one.id === request.id ? request : one));
        if (request.seconds_left !== null) {
            state.ends[request.id] = Date.now() + request.seconds_left * 1000;
        } else {
            delete state.ends[request.id];
        }
    }

    const open = () =>
        run(async () => {
            const answer = await post("open");
            if (take(answer)) {
                const { requests, responsible, signing_url: signingUrl } = answer;
                Object.assign(state, { requests, responsible, signingUrl });
                requests.forEach(takeRequest);
                state.chosen ??= requests.length === 1 ? requests[0].id : null;
            }
        });

    const download = (request) =>
        run(async () => {
            const answer = await post("download", { request: request.id });
            if (take(answer) && answer.file) {
                delete state.files[request.id];
                save(answer.file, answer.name);
            }
        });

    /** Takes files that were chosen, on one company's page or in the list of all. */
    function choose(files, request) {
        state.unread.push(...files.map((file) => ({ file, request })));
        return run(() => {
            state.asides = [];
        });
    }

    /** Looks at chosen files, one after the other, until one cannot be asked about. */
    async function lookAtFiles() {
        while (state.unread.length) {
            const { file, request } = state.unread.shift();
            if (!(await lookAt(file, request))) {
                state.unread = [];
            }
        }
    }

    /**
     * Looks at one file, which finds its request. One that cannot be sent never takes the place
     * of one that can.
     */
    async function lookAt(file, request) {
        const content = await base64Of(file);
        const values = { name: file.name, content, request: request?.id };
        const answer = await post("check", values);
        if (!take(answer)) {
            return false;
        }
        const { id } = answer.request ?? {};
        if (answer.is_stray || (!answer.can_send && state.files[id]?.can_send)) {
            const why = answer.is_stray ? "stray" : "kept";
            state.asides.push({ why, name: file.name });
            return true;
        }
        state.files[id] = { ...answer, content };
        delete state.answers[id];
        delete state.agreed[id];
        return true;
    }

    const send = (request) =>
        run(async () => {
            const answer = await post("send", {
                request: request.id,
                content: state.files[request.id].content,
                answer: state.answers[request.id],
                is_agreed: Boolean(state.agreed[request.id]),
            });
            if (take(answer)) {
                if (answer.can_send === undefined) {
                    delete state.files[request.id];
                } else {
                    Object.assign(state.files[request.id], answer);
                }
            }
        });

    /**
     * Asks how far KSeF is, as long as it checks something: of one after the other, for a link may
     * call so often and no more. Each answer tells of all.
     */
    async function follow() {
        const waiting = (state.requests || []).filter((one) => one.state === "verifying");
        if (waiting.length && !state.isBusy) {
            state.turn += 1;
            const { id } = waiting[state.turn % waiting.length];
            const answer = await post("result", { request: id });
            if (answer.error === "gone") {
                // Its time is over, or who asked has revoked it: nobody is to wait here.
                state.requests = take(answer) || null;
            }
            (answer.requests || []).forEach(takeRequest);
            draw();
        }
    }

    // ------------------------------------------------------------------
    // Drawing
    // ------------------------------------------------------------------
    function button(label, onclick, attributes = {}) {
        const isOff = state.isBusy || attributes.disabled;
        return make("button", { type: "button", ...attributes, disabled: isOff, onclick }, label);
    }

    function chooser(label, request, isMany) {
        const onchange = (ev) => choose([...ev.target.files], request);
        const attributes = { type: "file", multiple: isMany, disabled: state.isBusy, onchange };
        return make(
            "label",
            {},
            make("input", attributes),
            make("span", { class: "button" }, label)
        );
    }

    function drawBeginning() {
        return [
            make("p", {}, text("begin_text")),
            make("p", {}, button(text("begin"), open, { class: "main", id: "begin" })),
        ];
    }

    /** One company of the list: what it is for stands beside its button, and what came of it. */
    function drawRow(request) {
        const sign = () => show(request.id);
        const label = `${text("open_one")}: ${request.company}`;
        const said = { done: request.done, void: "" }[request.state] ?? request.purpose[0];
        return make(
            "li",
            { "data-request": request.id },
            make(
                "div",
                {},
                drawCompany(request),
                said && make("p", {}, said),
                request.problem && hindrance(request.problem),
                make("p", { class: `state ${request.state}` }, text(`state_${request.state}`))
            ),
            request.state === "open" && button(text("open_one"), sign, { "aria-label": label })
        );
    }

    /** Shows the page of one company, or the list; what was said of files stays behind. */
    function show(id) {
        Object.assign(state, { chosen: id, asides: [] });
        draw();
    }

    function drawCompany(request) {
        const number = make("span", { class: "number" }, `(${request.number})`);
        return make("p", { class: "company" }, request.company, " ", number);
    }

    function drawList() {
        const rows = state.requests.map(drawRow);
        const list = make("ul", { class: "list" }, ...rows);
        if (!state.requests.some((one) => one.state === "open")) {
            const isDone = state.requests.every((one) => one.state === "done");
            return [list, isDone && make("p", {}, text("done_text"))];
        }
        const signed = state.requests.filter((one) => state.files[one.id]);
        return [
            make("p", {}, text("list", { count: state.requests.length })),
            list,
            make("p", {}, text("drop")),
            chooser(text("choose_all"), null, true),
            ...drawAsides(),
            ...signed.flatMap((request) => [
                make("h2", {}, request.company),
                ...drawFile(request, state.files[request.id]),
            ]),
        ];
    }

    /** What is asked, and what for: only as long as it is still to come. */
    function drawAsked(request) {
        const isOpen = request.state === "open";
        const purpose = { open: request.purpose, verifying: request.purpose.slice(0, 1) };
        return [
            isOpen && make("p", {}, text("asked_by", request)),
            drawCompany(request),
            request.environment && note("", text("environment", request)),
            ...(purpose[request.state] ?? []).map((line) => make("p", {}, line)),
        ];
    }

    function drawRequest(request) {
        const parts = [
            state.requests.length > 1 && button(text("back"), () => show(null)),
            ...drawAsked(request),
        ];
        if (request.state === "done") {
            const { done, taken_back: takenBack } = request;
            return [...parts, note("good", text("done"), done, takenBack, text("done_text"))];
        }
        if (request.state === "verifying") {
            const long = request.is_long && text("verifying_long");
            return [...parts, note("info", text("verifying"), long)];
        }
        const { problem } = request;
        if (request.state === "void") {
            return [...parts, problem && hindrance(problem)];
        }
        return [
            ...parts,
            make("p", {}, make("small", {}, text("until", request))),
            problem && hindrance(problem),
            ...drawSteps(request),
        ];
    }

    function drawSteps(request) {
        const isLoaded = request.id in state.ends;
        const file = state.files[request.id];
        const label = isLoaded ? text("again") : text("download");
        // What is to be done next is the dark one.
        const kind = isLoaded ? {} : { class: "main" };
        return [
            make("h2", {}, `1. ${text("step_1")}`),
            button(label, () => download(request), { ...kind, id: "download" }),
            isLoaded && make("p", { class: "countdown", "data-ends": state.ends[request.id] }),
            note("", text("do_not_open"), text("do_not_open_text")),
            make("h2", {}, `2. ${text("step_2")}`),
            make("p", {}, text("site")),
            make(
                "p",
                {},
                make(
                    "a",
                    {
                        class: isLoaded ? "button main" : "button",
                        href: state.signingUrl,
                        target: "_blank",
                        rel: "noopener noreferrer",
                    },
                    text("open_site")
                )
            ),
            make(
                "ol",
                {},
                ...[1, 2, 3, 4].map((number) => make("li", {}, text(`site_${number}`)))
            ),
            make("p", {}, text("program")),
            make("p", {}, make("small", {}, text("program_text"))),
            make("h2", {}, `3. ${text("step_3")}`),
            chooser(text("choose"), request, false),
            ...drawAsides(),
            ...(file ? drawFile(request, file) : []),
        ];
    }

    const drawAsides = () => state.asides.map(({ why, name }) => note("", text(why, { name })));

    function drawFile(request, file) {
        if (request.state !== "open") {
            return [];
        }
        const names = { signer: file.signer?.name, asked: request.signer, moment: file.signed_at };
        const parts = [
            file.file && make("p", {}, make("strong", {}, file.file.name)),
            ...(file.findings || []).map(({ level, text: said, action }) =>
                note(level === "stop" ? "stop" : level === "info" ? "info" : "", said, action)
            ),
        ];
        if (!file.can_send) {
            return parts;
        }
        const isAnswered = !request.asks_answer || state.answers[request.id];
        const isReady = isAnswered && (!file.by_another || state.agreed[request.id]);
        return [
            ...parts,
            file.signer && make("p", {}, text("signed_by", names)),
            file.by_another && drawOther(request, names),
            request.asks_answer && drawQuestion(request, file),
            make("p", { class: "what" }, request.purpose[0]),
            make(
                "p",
                {},
                button(text("send"), () => send(request), { class: "send", disabled: !isReady })
            ),
        ];
    }

    function drawOther(request, names) {
        const onchange = (ev) => {
            state.agreed[request.id] = ev.target.checked;
            draw();
        };
        const box = { type: "checkbox", checked: Boolean(state.agreed[request.id]), onchange };
        return make(
            "div",
            { class: "note" },
            make("p", {}, text("by_another", names)),
            make("label", {}, make("input", box), ` ${text("by_another_agreed")}`)
        );
    }

    /** The signer answers in person; whoever sends another's file confirms it for that one. */
    function drawQuestion(request, file) {
        const who = file.is_own ? "own" : "other";
        const names = { signer: file.signer?.name || text("unnamed") };
        const once = request.needs_offline ? "both" : "once";
        const says = { weekly: text("weekly_text"), [once]: text(`${once}_${who}`, names) };
        const labels = ["weekly", once].map((answer) => {
            const onchange = () => {
                state.answers[request.id] = answer;
                draw();
            };
            const checked = state.answers[request.id] === answer;
            const name = `answer-${request.id}`;
            return make(
                "label",
                {},
                make("input", { type: "radio", name, value: answer, checked, onchange }),
                make(
                    "span",
                    {},
                    make("strong", {}, text(answer === "weekly" ? "weekly" : "once")),
                    " ",
                    says[answer]
                )
            );
        });
        const legend = make("legend", {}, text("question"));
        const terms = make("small", {}, text(`terms_${who}`));
        return make("fieldset", { class: "answers" }, legend, ...labels, terms);
    }

    function drawResponsible() {
        const { company, address, contact, url } = state.responsible ?? {};
        if (!company) {
            return [];
        }
        const who = [company, address, contact].filter(Boolean).join(", ");
        return [
            make("p", {}, text("help")),
            make("p", {}, text("responsible"), " ", who),
            url && make("a", { href: url, rel: "noopener noreferrer" }, text("privacy")),
        ];
    }

    function draw() {
        const focused = document.activeElement?.id;
        document.documentElement.lang = state.lang;
        document.title = text("title");
        document.getElementById("title").textContent = text("title");
        const language = document.getElementById("language");
        language.textContent = state.lang === "pl" ? "English" : "Po polsku";
        language.lang = state.lang === "pl" ? "en" : "pl";
        const chosen = state.requests?.find((one) => one.id === state.chosen);
        const { problem } = state;
        const content = !state.requests ? drawBeginning() : chosen ? drawRequest(chosen) : drawList();
        const parts = [
            problem && hindrance(problem),
            ...content,
            state.isBusy && make("p", { role: "status" }, text("loading")),
        ];
        document.getElementById("main").replaceChildren(...parts.filter(Boolean));
        const responsible = drawResponsible().filter(Boolean);
        document.getElementById("responsible").replaceChildren(...responsible);
        document.getElementById(focused)?.focus();
        tick();
    }

    function tick() {
        for (const element of document.querySelectorAll("[data-ends]")) {
            const left = Math.max(Math.ceil((element.dataset.ends - Date.now()) / 1000), 0);
            const seconds = String(left % 60).padStart(2, "0");
            const time = `${Math.floor(left / 60)}:${seconds}`;
            element.textContent = left ? text("left", { time }) : text("expired");
        }
    }

    document.getElementById("language").addEventListener("click", () => {
        state.lang = state.lang === "pl" ? "en" : "pl";
        state.problem = null;
        if (state.requests) {
            open();
        }
        draw();
    });
    // A file that is dropped beside everything would make the browser leave this page.
    window.addEventListener("dragover", (ev) => ev.preventDefault());
    window.addEventListener("drop", (ev) => {
        ev.preventDefault();
        const chosen = state.requests?.find((one) => one.id === state.chosen);
        const files = [...ev.dataTransfer.files];
        if (files.length && state.requests && (!chosen || chosen.state === "open")) {
            choose(files, chosen);
        }
    });
    setInterval(tick, 1000);
    setInterval(follow, FOLLOW_MS);
    draw();
})();
