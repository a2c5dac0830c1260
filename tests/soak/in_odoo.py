"""Scripts for Odoo's shell, which provides `env`: the beginning, a worker, the end."""

BEGIN = """
import json
from ksef_simulator import DEMO_NIP
from ksef_simulator.signers import sign
from odoo.addons.l10n_pl_ksef_auth.tools import clock

def begin(nips):
    parameters = env["ir.config_parameter"]
    for name in ("production", "demo", "test"):
        parameters.set_param(f"l10n_pl_ksef_auth.base_url.{name}", SOAK["base_url"])
    env["ir.cron"].search([]).active = False
    # Without a country: a Polish company would have Odoo install more modules.
    companies = env["res.company"].create([
        {"name": f"Firma {nip}", "vat": f"PL{nip}", "l10n_pl_ksef_environment": "test"}
        for nip in nips])
    env.user.company_ids |= companies
    env.cr.commit()
    connect_first(companies[0])
    numbers = {str(company.id): company._l10n_pl_ksef_nip() for company in companies}
    env["l10n_pl_ksef.account.actions"]._agree(companies[1:], numbers)
    # As between two requests of a browser: the login reads it on a cursor of its own.
    env.cr.commit()
    for company in companies[1:]:
        env["l10n_pl_ksef.account.actions"]._connect(company)
        env.cr.commit()
    for _round in range(4):
        env["l10n_pl_ksef.keep_alive"]._cron_keep_alive()
        time.sleep(0.5)
    env.invalidate_all()
    alone = companies.filtered(lambda company: not company._l10n_pl_ksef_session())
    assert not alone, f"not connected: {alone}"
    return companies.ids

def connect_first(company):
    window = env["l10n_pl_ksef.authorization"]._open(company).with_env(env)
    window.prepare_download()
    env.cr.commit()
    document = sign(window.sudo().session_id._request_document(), "owner", at=clock.now())
    window.attach("signed.xml", base64.b64encode(document).decode())
    window.set_answer("both" if window.view()["offline"] else "once")
    env.cr.commit()
    window.authenticate()
    env.cr.commit()
    for _round in range(60):
        env["l10n_pl_ksef.keep_alive"]._cron_keep_alive()
        env.cr.commit()
        if company._l10n_pl_ksef_certificate():
            return
        time.sleep(0.5)
    raise AssertionError("no certificate")

tell(companies=begin(SOAK["nips"]))
"""

WORK = """
chance = random.Random(SOAK["seed"])
counts = collections.Counter()
first_memory = memory()

def one_task():
    if SOAK["number"] % 2:
        env["l10n_pl_ksef.keep_alive"]._cron_keep_alive()
        counts["rounds"] += 1
    else:
        company = env["res.company"].browse(chance.choice(SOAK["companies"]))
        counts["asked"] += 1
        with company.l10n_pl_ksef_api(time_limit=10, wait_seconds=5) as api:
            api.request("GET", "/auth/sessions", params={"pageSize": "10"})
        counts["served"] += 1

while time.time() < SOAK["until"]:
    try:
        one_task()
        env.cr.commit()
    except Exception as error:
        env.cr.rollback()
        counts[f"failed: {type(error).__name__}"] += 1
    env.invalidate_all()
    if counts.total() == 200:
        first_memory = memory()
    write(counts=counts, memory=[first_memory, memory()])
    time.sleep(0.05)
"""

END = """
from odoo.addons.l10n_pl_ksef_auth.models.base.steps import LONGEST_RETRY

# The longest pause that anything takes is a quarter longer than this; then there is work to do.
PATIENCE = LONGEST_RETRY * 1.25 + datetime.timedelta(minutes=12)

def simulated(seconds):
    return datetime.timedelta(seconds=seconds * SOAK["speed"])

def serve(company):
    try:
        with company.l10n_pl_ksef_api() as api:
            answer = api.request("GET", "/auth/sessions", params={"pageSize": "10"})
            served = answer.status_code == 200
    except Exception as error:
        served = repr(error)
    env.cr.commit()
    env.invalidate_all()
    return served

def recover(companies):
    outcomes, minutes, stories = {}, {}, {}
    while len(minutes) < len(companies) or stuck():
        env["l10n_pl_ksef.keep_alive"]._cron_keep_alive()
        env.cr.commit()
        passed = simulated(time.time() - SOAK["until"])
        for company in companies.filtered(lambda one: one.id not in minutes):
            outcomes[company.id] = serve(company)
            if outcomes[company.id] is True:
                minutes[company.id] = passed.total_seconds() / 60
            else:
                stories.setdefault(company.id, story(company))
        if passed > PATIENCE:
            break
        time.sleep(0.5)
    return outcomes, minutes, stories

def story(company):
    sessions = env["l10n_pl_ksef.session"].search([("company_id", "=", company.id)], limit=3)
    now = sessions._now()
    return [
        [one.id, one.method, one.state, one.attempts, one.restarts, bool(one.document_secret),
         one.next_attempt and (one.next_attempt - now).total_seconds(), one.problem]
        for one in sessions.sudo()
    ]

def state_of(company):
    panel = company.l10n_pl_ksef_panel()
    return {"id": company.id, "state": panel["state"], "served": outcomes[company.id],
            "problem": panel["problem"] and panel["problem"]["technical"],
            "minutes": minutes.get(company.id), "logins at first": stories.get(company.id)}

def stuck():
    overdue = env["l10n_pl_ksef.session"]._now() - datetime.timedelta(minutes=30)
    moving = [("state", "in", ("submitted", "authorized")), ("send_started_at", "<", overdue)]
    sessions = env["l10n_pl_ksef.session"].search(moving)
    way = [("state", "in", ("checking", "keyed", "requested", "issued", "trying"))]
    certificates = env["l10n_pl_ksef.certificate"].search(way)
    old = certificates.filtered(lambda item: item.create_date < SOAK_BEGAN)
    return len(sessions) + len(old)

SOAK_BEGAN = datetime.datetime.utcfromtimestamp(SOAK["until"] - 60)
companies = env["res.company"].browse(SOAK["companies"])
outcomes, minutes, stories = recover(companies)
tell(companies=[state_of(company) for company in companies],
     slowest=max(minutes.values(), default=0), stuck=stuck(),
     logins=env["l10n_pl_ksef.session"].search_count([("activated_at", "!=", False)]),
     certificates=env["l10n_pl_ksef.certificate"].search_count([("serial_number", "!=", False)]))
"""

# Before each of them: the fast clock, and how to tell what was found.
FRAME = """
import base64, collections, datetime, json, os, random, sys, threading, time
from odoo.addons.l10n_pl_ksef_auth.tools import clock
SOAK = json.loads(os.environ["SOAK"])

def run_clock():
    while True:
        passed = time.time() - SOAK["began"]
        clock.travel(datetime.timedelta(seconds=passed * (SOAK["speed"] - 1)))
        time.sleep(0.02)

threading.Thread(target=run_clock, daemon=True).start()
time.sleep(0.1)

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

def write(**found):
    draft = SOAK["answer"] + ".new"
    with open(draft, "w") as file:
        json.dump(found, file)
    os.replace(draft, SOAK["answer"])

def tell(**found):
    env.cr.commit()
    write(**found)
"""
