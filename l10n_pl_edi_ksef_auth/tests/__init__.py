from . import (
    test_corrections,
    test_later_builds,
    test_many_invoices,
    test_must_be_sent,
    test_not_in_ksef,
    test_offline_codes,
    test_own_certificate,
    test_polish,
    test_sending,
    test_settings,
    test_tokens_stay_closed,
    test_upgrade,
)
