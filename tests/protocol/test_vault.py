"""Secrets at rest, and where their key comes from."""

import errno
import multiprocessing
import os
import stat

import pytest
from windows import windows

from tools import vault
from tools.vault import Vault, VaultCorrupt, VaultKeyMissing

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
SECRET = b"a refresh token"
CONTEXT = "l10n_pl_ksef.session,7,refresh_token"


def _key() -> bytes:
    return vault.parse_keys(vault.generate_key())[0]


def test_what_is_encrypted_comes_back_for_the_same_place_only():
    text = Vault([NEW]).encrypt(SECRET, CONTEXT)
    assert Vault([NEW]).decrypt(text, CONTEXT) == SECRET
    with pytest.raises(VaultCorrupt):
        Vault([NEW]).decrypt(text, CONTEXT.replace("7", "8"))


def test_what_is_bound_to_a_database_comes_back_there_only():
    text = Vault([NEW], "ours").encrypt(SECRET, CONTEXT)
    assert Vault([NEW], "ours").decrypt(text, CONTEXT) == SECRET
    for elsewhere in (Vault([NEW], "theirs"), Vault([NEW])):
        with pytest.raises(VaultCorrupt):
            elsewhere.decrypt(text, CONTEXT)
    with pytest.raises(VaultCorrupt):
        Vault([NEW]).decrypt(text.replace("v2:", "v1:"), f"ours:{CONTEXT}")


def test_what_was_not_bound_comes_back_and_wants_to_be():
    text = Vault([NEW]).encrypt(SECRET, CONTEXT)
    ours = Vault([NEW], "ours")
    assert ours.decrypt(text, CONTEXT) == SECRET
    assert ours.needs_reencryption(text)
    assert not ours.needs_reencryption(ours.encrypt(SECRET, CONTEXT))


def test_the_configuration_may_name_a_file_of_keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(vault.generate_key())
    expected = vault.parse_keys(file.read_text())
    named = f"file:{file}"
    assert vault.load_keys(named, None, tmp_path / "none", may_create=True) == expected
    assert vault.load_keys(None, named, tmp_path / "none", may_create=True) == expected
    file.unlink()
    with pytest.raises(VaultKeyMissing):
        vault.load_keys(named, None, tmp_path / "none", may_create=True)
    assert not file.exists()


def test_the_text_shows_neither_the_secret_nor_the_key():
    text = Vault([NEW]).encrypt(SECRET, CONTEXT)
    assert text.startswith(f"v1:{vault.key_fingerprint(NEW)}:")
    assert SECRET.hex() not in text
    assert text != Vault([NEW]).encrypt(SECRET, CONTEXT)


def test_an_old_key_still_decrypts_and_the_text_wants_the_new_one():
    text = Vault([OLD]).encrypt(SECRET, CONTEXT)
    both = Vault([NEW, OLD])
    assert both.decrypt(text, CONTEXT) == SECRET
    assert both.needs_reencryption(text)
    assert not both.needs_reencryption(both.encrypt(SECRET, CONTEXT))


def test_another_key_is_missing_not_a_corruption():
    text = Vault([OLD]).encrypt(SECRET, CONTEXT)
    with pytest.raises(VaultKeyMissing):
        Vault([NEW]).decrypt(text, CONTEXT)


def test_each_changed_character_is_noticed():
    text = Vault([NEW]).encrypt(SECRET, CONTEXT)
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(vault.VaultError):
            Vault([NEW]).decrypt(changed, CONTEXT)


@pytest.mark.parametrize("text", ["", "v1", "v1:x", "v1:x:y:z", "v1:x:AAAA", "v3:x:" + "A" * 80])
def test_what_was_never_encrypted_is_corrupt(text):
    with pytest.raises(VaultCorrupt):
        Vault([NEW]).decrypt(text, CONTEXT)


def test_a_vault_without_a_key_does_not_exist():
    with pytest.raises(VaultKeyMissing):
        Vault([])


def test_the_configuration_comes_before_the_environment_and_the_file(tmp_path):
    first, second, third = (vault.generate_key() for _ in range(3))
    (tmp_path / "key").write_text(third)

    def load(config, env):
        return vault.load_keys(config, env, tmp_path / "key", may_create=False)

    assert load(first, second) == vault.parse_keys(first)
    assert load(" ", second) == vault.parse_keys(second)
    assert load(None, None) == vault.parse_keys(third)


def test_several_keys_are_read_in_their_order():
    assert vault.parse_keys(f"{vault.generate_key()}, \n{vault.generate_key()}")[1:] != []


@pytest.mark.parametrize("text", ["password", "AAAA", "ż" * 43, "!" * 44])
def test_what_is_no_key_is_refused_without_being_shown(text):
    with pytest.raises(VaultKeyMissing) as caught:
        vault.load_keys(text, None, "unused", may_create=True)
    assert text not in str(caught.value)


def test_a_missing_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "l10n_pl_ksef" / "database.key"
    made = vault.load_keys(None, None, path, may_create=True)
    assert vault.load_keys(None, None, path, may_create=True) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def _fails_with(number):
    def fail(*_arguments, **_options):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture
def no_hard_links(monkeypatch):
    """A file system on which no file can have two names."""

    monkeypatch.setattr(os, "link", _fails_with(errno.EPERM))


def test_a_key_is_made_where_no_file_can_have_two_names(tmp_path, no_hard_links):
    path = tmp_path / "key"
    made = vault.load_keys(None, None, path, may_create=True)
    vault._create(path)
    assert vault.load_keys(None, None, path, may_create=True) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_a_key_is_made_and_follows_its_database_on_windows(tmp_path):
    former, path = tmp_path / "folder" / "former.key", tmp_path / "folder" / "key"
    with windows():
        (key,) = vault.load_keys(None, None, former, may_create=True)
        vault.adopt_key_file(path, former, vault.key_fingerprint(key))
        assert vault.load_keys(None, None, path, may_create=False) == [key]
    assert sorted(os.listdir(path.parent)) == ["former.key", "key"]


def test_a_key_is_made_on_a_disk_of_windows_without_second_names(tmp_path, monkeypatch):
    # Python gives this number to ERROR_INVALID_FUNCTION, with which FAT answers.
    monkeypatch.setattr(os, "link", _fails_with(errno.EINVAL))
    made = vault.load_keys(None, None, tmp_path / "key", may_create=True)
    assert vault.load_keys(None, None, tmp_path / "key", may_create=False) == made


def test_a_key_that_was_written_on_windows_is_read(tmp_path):
    first, second = vault.generate_key(), vault.generate_key()
    (tmp_path / "key").write_bytes(f"{first}\r\n{second}\r\n".encode())
    read = vault.load_keys(None, None, tmp_path / "key", may_create=False)
    assert read == vault.parse_keys(f"{first} {second}")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_no_key_is_made_where_a_second_name_fails_for_another_reason(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "link", _fails_with(number))
    with pytest.raises(VaultKeyMissing):
        vault.load_keys(None, None, tmp_path / "key", may_create=True)
    assert not os.listdir(tmp_path)


def test_a_key_file_that_could_not_be_written_is_not_left_for_good(
    tmp_path, no_hard_links, monkeypatch
):
    draft, path = tmp_path / "draft", tmp_path / "key"
    draft.touch()
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _fails_with(errno.ENOSPC))
        with pytest.raises(OSError, match="No space"):
            vault._publish(draft, path, vault.generate_key())
    assert not path.exists()


def test_a_key_is_never_invented_for_a_database_that_had_one(tmp_path):
    with pytest.raises(VaultKeyMissing):
        vault.load_keys(None, None, tmp_path / "key", may_create=False)
    assert not os.listdir(tmp_path)


def test_a_key_file_follows_its_database_to_another_name(tmp_path):
    former, path = tmp_path / "former.key", tmp_path / "present.key"
    (key,) = vault.load_keys(None, None, former, may_create=True)
    vault.adopt_key_file(path, former, "0" * 16)
    assert not path.exists()
    vault.adopt_key_file(path, former, vault.key_fingerprint(key))
    assert vault.load_keys(None, None, path, may_create=False) == [key]


def test_a_key_file_follows_its_database_where_no_file_can_have_two_names(tmp_path, no_hard_links):
    former, path = tmp_path / "former.key", tmp_path / "present.key"
    (key,) = vault.load_keys(None, None, former, may_create=True)
    vault.adopt_key_file(path, former, vault.key_fingerprint(key))
    assert vault.load_keys(None, None, path, may_create=False) == [key]


def test_a_key_file_that_is_there_is_not_replaced_by_one_of_another_name(tmp_path):
    former, path = tmp_path / "former.key", tmp_path / "present.key"
    (key,) = vault.load_keys(None, None, former, may_create=True)
    present = vault.load_keys(None, None, path, may_create=True)
    vault.adopt_key_file(path, former, vault.key_fingerprint(key))
    assert vault.load_keys(None, None, path, may_create=False) == present


def test_an_empty_key_file_is_not_replaced(tmp_path):
    (tmp_path / "key").touch()
    with pytest.raises(VaultKeyMissing):
        vault.load_keys(None, None, tmp_path / "key", may_create=True)


def _load_together(barrier, path, results):
    barrier.wait()
    results.put(vault.load_keys(None, None, path, may_create=True))


def test_two_processes_that_start_at_once_get_the_same_key(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(6), context.Queue()
    arguments = (barrier, tmp_path / "folder" / "key", results)
    workers = [context.Process(target=_load_together, args=arguments) for _ in range(6)]
    for worker in workers:
        worker.start()
    keys = [results.get(timeout=20) for _ in workers]
    for worker in workers:
        worker.join()
    assert len({tuple(key) for key in keys}) == 1


def test_derived_keys_differ_by_purpose():
    key = _key()
    assert vault.derive_key(key, "identities") != vault.derive_key(key, "other")
    assert vault.derive_key(key, "identities") == vault.derive_key(key, "identities")
