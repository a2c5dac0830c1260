from . import (
    test_later_builds,
    test_own_certificate,
    test_polish,
    test_sending,
    test_settings,
    test_tokens_stay_closed,
)
