"""Values encrypted at rest: round trips, rotation and refusals."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from jobs.encryption import EncryptedJSONField, UndecryptableError, decrypt, encrypt, is_of_newest_key

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def use_keys(settings: Any, *keys: str, debug: bool = False) -> None:
    settings.DEBUG = debug
    settings.DAYBOOK = {**settings.DAYBOOK, "encryption_keys": list(keys)}


@pytest.mark.parametrize("value", [{"password": "hünter2"}, [1, None], "text", 0, False, None, {}])
def test_a_value_comes_back_as_it_went_in(settings: Any, value: Any) -> None:
    use_keys(settings, NEW)
    assert decrypt(encrypt(value)) == value


def test_a_token_does_not_show_the_value_and_is_never_the_same_twice(settings: Any) -> None:
    use_keys(settings, NEW)
    first, second = encrypt({"password": "hunter2"}), encrypt({"password": "hunter2"})
    assert "hunter2" not in first
    assert first != second


def test_after_rotation_old_values_open_and_new_ones_use_the_newest_key(settings: Any) -> None:
    use_keys(settings, OLD)
    token = encrypt("secret")
    use_keys(settings, NEW, OLD)
    assert decrypt(token) == "secret"
    renewed = encrypt(decrypt(token))
    assert [is_of_newest_key(each) for each in (token, renewed)] == [False, True]
    use_keys(settings, NEW)
    assert decrypt(renewed) == "secret"
    with pytest.raises(UndecryptableError, match="FIELD_ENCRYPTION_KEYS"):
        decrypt(token)


def test_an_altered_token_is_refused(settings: Any) -> None:
    use_keys(settings, NEW)
    token = encrypt("secret")
    with pytest.raises(UndecryptableError):
        decrypt(token[:-4] + "AAA=")


def test_in_development_a_key_derives_from_the_secret_key(settings: Any) -> None:
    use_keys(settings, debug=True)
    settings.SECRET_KEY = "one"
    token = encrypt("secret")
    assert decrypt(token) == "secret"
    settings.SECRET_KEY = "another"
    with pytest.raises(UndecryptableError):
        decrypt(token)


def test_without_keys_production_refuses_to_encrypt(settings: Any) -> None:
    use_keys(settings, debug=False)
    with pytest.raises(ImproperlyConfigured, match="set at least one Fernet key"):
        encrypt("secret")


def test_a_bad_key_is_refused_without_quoting_it(settings: Any) -> None:
    use_keys(settings, "not-a-key")
    with pytest.raises(ImproperlyConfigured) as refusal:
        encrypt("secret")
    assert "not-a-key" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_the_field_stores_a_token_and_reads_the_value(settings: Any) -> None:
    use_keys(settings, NEW)
    field = EncryptedJSONField(null=True)
    stored = field.get_prep_value({"password": "hunter2"})
    assert stored is not None
    assert "hunter2" not in stored
    assert field.from_db_value(stored, None, None) == {"password": "hunter2"}  # type: ignore[arg-type]
    assert field.get_prep_value(None) is None
    assert field.from_db_value(None, None, None) is None  # type: ignore[arg-type]


def test_a_dump_holds_the_token_and_loads_back(settings: Any) -> None:
    use_keys(settings, NEW)
    field = EncryptedJSONField(null=True)
    field.set_attributes_from_name("credentials")
    holder = models.Model.__new__(models.Model)
    holder.credentials = {"password": "hunter2"}  # type: ignore[attr-defined]
    dumped = field.value_to_string(holder)
    assert "hunter2" not in dumped
    assert field.to_python(dumped) == {"password": "hunter2"}
    assert field.to_python({"password": "clear"}) == {"password": "clear"}
