"""KSeF tokens, HTTPS under KSeF's names, and the calls that tell KSeF's limits."""

from __future__ import annotations

import pytest
import requests
from invoice_kit import encrypt
from kit import Caller, Tokens, codes

from ksef_simulator import DEMO_NIP, Simulator, identities
from ksef_simulator.proxy import HOSTS
from ksef_simulator.state import LoginContext

OTHER_CONTEXT = "Token nie może być użyty w kontekście 1111111111"


def _generate(ksef, tokens, permissions=("InvoiceRead",)):
    body = {"permissions": list(permissions), "description": "Token testowy"}
    return ksef.call("POST", "/tokens", tokens.access, json=body)


def _token_login(ksef, token, challenge=None, timestamp=None, nip=DEMO_NIP, **more):
    made = ksef.call("POST", "/auth/challenge").json()
    plain = f"{token}|{timestamp or made['timestampMs']}"
    body = {
        "challenge": challenge or made["challenge"],
        "contextIdentifier": {"type": "Nip", "value": nip},
        "encryptedToken": encrypt(ksef, "KsefTokenEncryption", plain.encode()),
        **more,
    }
    return ksef.call("POST", "/auth/ksef-token", json=body)


def _state(ksef, answer):
    body = answer.json()
    path = f"/auth/{body['referenceNumber']}"
    return ksef.call("GET", path, body["authenticationToken"]["token"]).json()


def test_a_ksef_token_logs_in_with_its_rights_only(ksef, sim):
    token = _generate(ksef, ksef.login()).json()["token"]
    answer = _token_login(ksef, token)
    state = _state(ksef, answer)
    assert (state["status"]["code"], state["authenticationMethod"]) == (200, "Token")
    operation = sim.state.operations[answer.json()["referenceNumber"]]
    assert operation.permissions == {"InvoiceRead"}


def test_what_is_wrong_with_a_ksef_token_is_told_by_450(ksef):
    login = ksef.login()
    made = _generate(ksef, login).json()
    wrong = [
        _token_login(ksef, "nonsense"),
        _token_login(ksef, made["token"], timestamp=1),
        _token_login(ksef, made["token"], nip="1111111111"),
    ]
    ksef.call("DELETE", f"/tokens/{made['referenceNumber']}", login.access)
    wrong.append(_token_login(ksef, made["token"]))
    found = [_state(ksef, answer)["status"] for answer in wrong]
    assert [item["code"] for item in found] == [450] * 4
    assert [item["details"][0] for item in found] == [
        "Nieprawidłowy token",
        "Nieprawidłowy czas tokena",
        OTHER_CONTEXT,
        "Token unieważniony",
    ]


@pytest.mark.parametrize(
    ("version", "told"), [("2.9", OTHER_CONTEXT), ("2.6", "Nieprawidłowy token")]
)
def test_a_token_of_another_context_is_named_since_2_6_1(ksef, sim, version, told):
    sim.settings.version = version
    token = _generate(ksef, ksef.login()).json()["token"]
    state = _state(ksef, _token_login(ksef, token, nip="1111111111"))["status"]
    assert (state["code"], state["details"]) == (450, [told])


@pytest.mark.parametrize(
    ("version", "told"),
    [("2.9", "Nieprawidłowe szyfrowanie tokena"), ("2.6", "Nieprawidłowy token")],
)
def test_a_token_that_was_encrypted_for_nobody_is_told_by_450(ksef, sim, version, told):
    sim.settings.version = version
    state = _state(ksef, _token_login(ksef, "any", encryptedToken="AAAA"))["status"]
    assert (state["code"], state["details"]) == (450, [told])


@pytest.mark.parametrize(
    ("version", "told"),
    [("2.9", "Nieprawidłowe kodowanie tokena"), ("2.6", "Invalid token encoding.")],
)
def test_a_token_that_decrypts_to_no_text_is_told_by_450(ksef, sim, version, told):
    sim.settings.version = version
    token = _generate(ksef, ksef.login()).json()["token"]
    noise = encrypt(ksef, "KsefTokenEncryption", b"\xff\xfe\xfd")
    state = _state(ksef, _token_login(ksef, token, encryptedToken=noise))["status"]
    assert (state["code"], state["details"]) == (450, [told])


def test_a_key_that_ksef_does_not_have_is_21470(ksef):
    token = _generate(ksef, ksef.login()).json()["token"]
    answer = _token_login(ksef, token, publicKeyId="A" * 43 + "=")
    assert codes(answer) == [21470]


def test_a_context_that_can_have_no_token_is_26002(ksef, sim):
    where = LoginContext("PeppolId", "PPL123456")
    sim.world.grant(identities.OWNER.identity, where, "InvoiceWrite")
    login = ksef.login(nip=where.value, context="PeppolId")
    assert codes(_generate(ksef, login, ("InvoiceWrite",))) == [26002]


@pytest.mark.parametrize(
    ("policy", "status"),
    [({"ip4Masks": ["127.0.0.0/8"]}, 200), ({"ip4Addresses": ["10.0.0.1"]}, 403)],
)
def test_a_login_with_a_token_may_be_bound_to_addresses(ksef, policy, status):
    token = _generate(ksef, ksef.login()).json()["token"]
    answer = _token_login(ksef, token, authorizationPolicy={"allowedIps": policy}).json()
    path = f"/auth/{answer['referenceNumber']}"
    bearer = answer["authenticationToken"]["token"]
    assert ksef.call("GET", path, bearer).status_code == status


def test_a_range_of_addresses_that_ends_before_it_begins_is_21405(ksef):
    token = _generate(ksef, ksef.login()).json()["token"]
    policy = {"allowedIps": {"ip4Ranges": ["10.0.0.9-10.0.0.1"]}}
    assert codes(_token_login(ksef, token, authorizationPolicy=policy)) == [21405]


def test_a_token_that_was_revoked_refreshes_no_more(ksef):
    owner = ksef.login()
    made = _generate(ksef, owner).json()
    body = _token_login(ksef, made["token"]).json()
    login = ksef.redeemed(Tokens(body["referenceNumber"], body["authenticationToken"]["token"]))
    ksef.call("DELETE", f"/tokens/{made['referenceNumber']}", owner.access)
    assert codes(ksef.call("POST", "/auth/token/refresh", login.refresh)) == [21301]


def test_a_login_with_a_ksef_token_gets_no_certificate(ksef):
    token = _generate(ksef, ksef.login()).json()["token"]
    body = _token_login(ksef, token).json()
    login = ksef.redeemed(Tokens(body["referenceNumber"], body["authenticationToken"]["token"]))
    data = ksef.call("GET", "/certificates/enrollments/data", login.access)
    assert codes(data) == [25001]
    assert codes(ksef.enroll(login, b"any")) == [25002]
    limits = ksef.call("GET", "/certificates/limits", login.access).json()
    assert limits["canRequest"] is False


def test_a_token_cannot_carry_rights_that_its_author_lacks(ksef):
    answer = _generate(ksef, ksef.login("reader"), ("InvoiceRead", "InvoiceWrite"))
    assert codes(answer) == [26001]


def test_tokens_are_listed_without_their_secret(ksef):
    login = ksef.login()
    made = _generate(ksef, login).json()
    listed = ksef.call("GET", "/tokens", login.access)
    assert listed.json()["tokens"][0]["referenceNumber"] == made["referenceNumber"]
    assert made["token"] not in listed.text
    one = ksef.call("GET", f"/tokens/{made['referenceNumber']}", login.access).json()
    assert one["status"] == "Active"
    assert ksef.call("GET", "/tokens?status=Revoked", login.access).json()["tokens"] == []


def test_a_challenge_serves_once_for_tokens_too(ksef):
    token = _generate(ksef, ksef.login()).json()["token"]
    challenge = ksef.challenge()
    assert _token_login(ksef, token, challenge).status_code == 202
    assert codes(_token_login(ksef, token, challenge)) == [21111]


def test_ksef_tells_its_limits(ksef):
    bearer = ksef.login().access
    subject = ksef.call("GET", "/limits/subject", bearer).json()
    assert subject["enrollment"]["maxEnrollments"] == 12
    context = ksef.call("GET", "/limits/context", bearer).json()
    assert context["onlineSession"]["maxInvoices"] == 10000
    rates = ksef.call("GET", "/rate-limits", bearer).json()
    assert rates["other"] == {"perSecond": 10, "perMinute": 30, "perHour": 120}


def test_request_limits_can_be_changed_for_a_context(ksef, sim):
    sim.settings.rate_limits = "per-endpoint"
    bearer = ksef.login().access
    rates = ksef.call("GET", "/rate-limits", bearer).json()
    rates["other"] = {"perSecond": 1, "perMinute": 2, "perHour": 3}
    body = {"rateLimits": rates}
    assert ksef.call("POST", "/testdata/rate-limits", bearer, json=body).status_code == 200
    seen = [ksef.call("GET", "/auth/sessions", bearer).status_code for _number in range(2)]
    assert seen == [200, 429]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    with Simulator() as sim:
        proxy = sim.start_proxy()
        http = requests.Session()
        http.trust_env = False
        http.proxies = {"https": proxy.url, "http": proxy.url}
        http.verify = str(proxy.write_authority(tmp_path_factory.mktemp("proxy") / "ca.pem"))
        yield sim, proxy, http


@pytest.mark.parametrize("host", HOSTS)
def test_ksefs_hosts_are_the_simulator_behind_the_proxy(proxied, host):
    sim, _proxy, http = proxied
    answer = http.post(f"https://{host}/v2/auth/challenge", timeout=20)
    assert answer.json()["challenge"] in sim.state.challenges


def test_a_whole_login_works_through_the_proxy(proxied, monkeypatch):
    sim, _proxy, http = proxied
    monkeypatch.setattr(Simulator, "base_url", f"https://{HOSTS[2]}/v2")
    assert Caller(sim, http).login().access


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://ksef.mf.gov.pl/", "http://api.ksef.mf.gov.pl/v2"]
)
def test_every_other_host_is_refused(proxied, url):
    _sim, proxy, http = proxied
    try:
        assert http.get(url, timeout=20).status_code == 403
    except requests.exceptions.ProxyError as error:
        assert "403" in str(error)
    assert url.split("/")[2] in " ".join(proxy.seen)


def test_controls_and_signing_site_are_not_reachable_under_ksefs_names(proxied):
    _sim, _proxy, http = proxied
    for path in ("/_control/state", "/podpis"):
        assert http.get(f"https://{HOSTS[0]}{path}", timeout=20).status_code == 404


def test_a_client_that_does_not_trust_the_authority_gets_nothing(proxied):
    _sim, proxy, _http = proxied
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(
            f"https://{HOSTS[0]}/v2/auth/challenge", proxies={"https": proxy.url}, timeout=20
        )
